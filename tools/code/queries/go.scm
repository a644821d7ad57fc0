(function_declaration
  name: (identifier) @name
  body: (block)? @body) @function
(method_declaration
  receiver: (parameter_list
    (parameter_declaration
      type: [
        (type_identifier) @receiver
        (pointer_type (type_identifier) @receiver)
        (generic_type type: (type_identifier) @receiver)
        (pointer_type (generic_type type: (type_identifier) @receiver))
      ]))
  name: (field_identifier) @name
  body: (block)? @body) @method

(parameter_list (comment) @aside)

(type_spec
  name: (type_identifier) @name) @type
(type_spec
  type: (struct_type (field_declaration_list) @body)) @class
(type_spec
  type: (interface_type "{" @body)) @interface
(type_alias
  name: (type_identifier) @name) @type
(interface_type
  (method_elem
    name: (field_identifier) @name) @method)
(field_declaration
  name: (field_identifier) @name) @property

(source_file
  (const_declaration (const_spec name: (identifier) @name) @constant))
(source_file
  (var_declaration (var_spec name: (identifier) @name) @constant))
(source_file
  (var_declaration (var_spec_list (var_spec name: (identifier) @name) @constant)))

(field_declaration
  !name
  type: [
    (type_identifier) @base
    (qualified_type name: (type_identifier) @base)
    (generic_type type: (type_identifier) @base)
  ])
(field_declaration
  !name
  type: (pointer_type [
    (type_identifier) @base
    (qualified_type name: (type_identifier) @base)
  ]))
(interface_type
  (type_elem . [
    (type_identifier) @base
    (qualified_type name: (type_identifier) @base)
  ] .))

(call_expression function: (identifier) @call)
(call_expression function: (selector_expression field: (field_identifier) @call))
(type_identifier) @typed
(selector_expression operand: (identifier) @mention)
(argument_list (identifier) @mention)
(argument_list (selector_expression field: (field_identifier) @use))
(keyed_element value: (literal_element (identifier) @mention))
(literal_value (literal_element (identifier) @mention))
(unary_expression operand: (identifier) @mention)
(return_statement (expression_list (identifier) @mention))

(import_spec path: (_) @import)
