// What textual's script leaves out: that one can type at once, and that no slip of a key throws the page away.
addEventListener("load", () => {
  const terminal = document.querySelector(".xterm-helper-textarea");
  terminal?.focus();
  // A key that the terminal does not have focus for would be the browser's: F5 would load the page anew.
  addEventListener("focus", () => terminal?.focus());
});

// Ctrl-W deletes a word in every terminal, and closes a page.
addEventListener("beforeunload", (event) => {
  const body = document.body.classList;
  if (body.contains("-first-byte") && !body.contains("-closed")) event.preventDefault();
});
