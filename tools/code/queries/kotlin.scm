(class_declaration
  name: (_) @name) @class
(class_declaration "interface") @interface
(class_declaration
  (modifiers (class_modifier) @_modifier)
  (#eq? @_modifier "enum")) @enum
(class_declaration (class_body) @body)
(class_declaration (enum_class_body) @body)
(object_declaration
  name: (_) @name
  (class_body)? @body) @class
(companion_object) @scope
(enum_entry . (identifier) @name) @constant
(enum_entry (modifiers) (identifier) @name) @constant
(function_declaration
  name: (_) @name
  (function_body)? @body) @function
(function_declaration
  (user_type (identifier) @receiver) . name: (_))
(secondary_constructor
  "constructor" @name
  (block)? @body) @method
(class_parameter ["val" "var"] (identifier) @name) @property
(source_file (property_declaration (variable_declaration (identifier) @name)) @constant)
(class_body (property_declaration (variable_declaration (identifier) @name)) @property)
(type_alias
  type: (identifier) @name) @type
(modifiers (annotation) @aside)
(class_parameters [(line_comment) (block_comment)] @aside)
(function_value_parameters [(line_comment) (block_comment)] @aside)

(delegation_specifier [
  (user_type (identifier) @base .)
  (constructor_invocation (user_type (identifier) @base .))
  (explicit_delegation (user_type (identifier) @base .))
])
(delegation_specifier [
  (user_type (identifier) @base . (type_arguments))
  (constructor_invocation (user_type (identifier) @base . (type_arguments)))
])
(call_expression . (identifier) @call)
(call_expression . (navigation_expression (identifier) @call .))
((navigation_expression . (identifier) @use)
  (#match? @use "^[A-Z]"))
(user_type (identifier) @typed)
(value_argument (identifier) @mention)

(import (qualified_identifier) @import)
(import (qualified_identifier (identifier) @imported .))
