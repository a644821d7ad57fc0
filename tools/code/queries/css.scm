(rule_set
  (selectors) @name
  (block) @body) @section
(media_statement
  "@media" @name
  (block) @body) @section
(supports_statement
  "@supports" @name
  (block) @body) @section
(keyframes_statement
  (keyframes_name) @name
  (keyframe_block_list) @body) @section
(at_rule
  (at_keyword) @name
  (block) @body) @section
((declaration (property_name) @name) @property
  (#match? @name "^--"))

((call_expression
  (function_name) @_variable
  (arguments . (plain_value) @use))
  (#eq? @_variable "var"))
(import_statement (string_value) @import)
(import_statement (call_expression (arguments (string_value) @import)))
(import_statement (call_expression (arguments (plain_value) @import)))
