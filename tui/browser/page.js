// What textual's script leaves out: that one can type at once, and that no slip of a key throws the page away.
const body = document.body.classList;

addEventListener("load", () => {
  // A key that the terminal has no focus for would be the browser's: F5 would load the page anew.
  const focus = () => body.contains("-loaded") && document.querySelector(".xterm-helper-textarea")?.focus();
  new MutationObserver(focus).observe(document.body, { attributeFilter: ["class"] });
  addEventListener("focus", focus);
});

// Ctrl-W deletes a word in every terminal, and closes a page.
addEventListener("beforeunload", (event) => {
  if (body.contains("-first-byte") && !body.contains("-closed")) event.preventDefault();
});
