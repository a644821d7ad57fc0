; An element in small letters is HTML's own.

([(jsx_opening_element name: (identifier) @component)
  (jsx_self_closing_element name: (identifier) @component)]
 (#match? @component "^[A-Z]"))
(jsx_opening_element name: (member_expression property: (_) @component))
(jsx_self_closing_element name: (member_expression property: (_) @component))
(jsx_expression (identifier) @mention)
