; What TypeScript's grammar calls otherwise.

(field_definition
  property: [(property_identifier) (private_property_identifier)] @name) @property
(field_definition
  property: [(property_identifier) (private_property_identifier)] @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
  ]) @method

(class_heritage (identifier) @base)
(class_heritage (member_expression property: (_) @base))
(class_heritage (call_expression arguments: (arguments (identifier) @base)))
