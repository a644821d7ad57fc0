(abstract_class_declaration
  name: (_) @name
  body: (_) @body) @class
(abstract_class_declaration (decorator) @aside)
(interface_declaration
  name: (_) @name
  body: (_) @body) @interface
(enum_declaration
  name: (_) @name
  body: (_) @body) @enum
(internal_module
  body: (statement_block
    (export_statement
      declaration: (lexical_declaration
        (variable_declarator name: (identifier) @name) @constant))))
(enum_body [
  (property_identifier) @name @constant
  (enum_assignment name: (property_identifier) @name) @constant
])
(type_alias_declaration
  name: (_) @name) @type
(function_signature
  name: (_) @name) @function
(method_signature
  name: (_) @name) @method
(abstract_method_signature
  name: (_) @name) @method
(property_signature
  name: (_) @name) @property
(public_field_definition
  name: (_) @name) @property
(public_field_definition (decorator) @aside)
(required_parameter
  (accessibility_modifier)
  pattern: (identifier) @name) @property
(public_field_definition
  name: (_) @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
  ]) @method
(internal_module
  name: (_) @path
  body: (_) @body) @module
(module
  name: (_) @name
  body: (_) @body) @module
(ambient_declaration (_ (variable_declarator name: (identifier) @name) @constant))
(extends_clause value: (identifier) @base)
(extends_clause value: (member_expression property: (_) @base))
(extends_clause (call_expression arguments: (arguments (identifier) @base)))
(implements_clause (type_identifier) @base)
(implements_clause (generic_type name: (type_identifier) @base))
(implements_clause (nested_type_identifier name: (type_identifier) @base))
(extends_type_clause (type_identifier) @base)
(extends_type_clause (generic_type name: (type_identifier) @base))
(extends_type_clause (nested_type_identifier name: (type_identifier) @base))
(type_identifier) @typed
(type_query (identifier) @use)

(import_require_clause source: (string) @import)
