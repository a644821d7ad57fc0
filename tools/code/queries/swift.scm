(class_declaration
  name: (type_identifier) @name
  body: (_) @body) @class
(class_declaration
  body: (enum_class_body)) @enum
; An extension.
(class_declaration
  name: (user_type (type_identifier) @name)
  body: (_) @body) @scope
(class_declaration
  name: (user_type (type_identifier) @use))
(protocol_declaration
  name: (_) @name
  body: (_) @body) @interface
(enum_entry
  name: (_) @name) @constant
(function_declaration) @function
(function_declaration name: (simple_identifier) @name)
(function_body) @body
(protocol_function_declaration
  name: (simple_identifier) @name) @method
(init_declaration "init" @name) @method
(deinit_declaration "deinit" @name) @method
(subscript_declaration "subscript" @name) @method
; Those in a function's body are left out later.
(property_declaration
  name: (pattern bound_identifier: (simple_identifier) @name)) @constant
(computed_property) @body
(protocol_property_declaration
  name: (pattern bound_identifier: (simple_identifier) @name)
  (protocol_property_requirements) @body) @property
(typealias_declaration
  name: (type_identifier) @name) @type
(associatedtype_declaration
  name: (type_identifier) @name) @type
(modifiers (attribute) @aside)

(inheritance_specifier
  inherits_from: (user_type (type_identifier) @base))
(call_expression . (simple_identifier) @call)
(call_expression . (navigation_expression suffix: (navigation_suffix suffix: (simple_identifier) @call)))
(constructor_expression constructed_type: (user_type (type_identifier) @call))
((navigation_expression target: (simple_identifier) @use)
  (#match? @use "^[A-Z]"))
(user_type (type_identifier) @typed)
(value_argument value: (simple_identifier) @mention)

(import_declaration (identifier) @import)
