(namespace_declaration
  name: (_) @path
  body: (_) @body) @module
(class_declaration
  name: (_) @name
  body: (_)? @body) @class
(struct_declaration
  name: (_) @name
  body: (_)? @body) @class
(record_declaration
  name: (_) @name
  body: (_)? @body) @class
(interface_declaration
  name: (_) @name
  body: (_)? @body) @interface
(enum_declaration
  name: (_) @name
  body: (_)? @body) @enum
(enum_member_declaration
  name: (_) @name) @constant
(method_declaration
  name: (_) @name
  body: (_)? @body) @method
(constructor_declaration
  name: (_) @name
  body: (_)? @body) @method
(destructor_declaration
  name: (_) @name
  body: (_)? @body) @method
(operator_declaration
  operator: _ @name
  body: (_)? @body) @method
(local_function_statement
  name: (_) @name
  body: (_)? @body) @function
(property_declaration
  name: (_) @name
  accessors: (_)? @body) @property
(property_declaration
  name: (_) @name
  value: (arrow_expression_clause) @body) @property
(field_declaration
  (variable_declaration (variable_declarator name: (_) @name))) @property
(event_field_declaration
  (variable_declaration (variable_declarator name: (_) @name))) @property
(event_declaration
  name: (_) @name
  accessors: (_)? @body) @property
(delegate_declaration
  name: (_) @name) @type
(attribute_list) @aside
(parameter_list (comment) @aside)
(constructor_initializer) @body

(base_list [
  (identifier) @base
  (generic_name (identifier) @base)
  (qualified_name name: (identifier) @base)
  (qualified_name name: (generic_name (identifier) @base))
  (primary_constructor_base_type type: (identifier) @base)
])
(invocation_expression function: (identifier) @call)
(invocation_expression function: (generic_name (identifier) @call))
(invocation_expression function: (member_access_expression name: (identifier) @call))
(invocation_expression function: (member_access_expression name: (generic_name (identifier) @call)))
(invocation_expression function: (conditional_access_expression (member_binding_expression name: (identifier) @call)))
((member_access_expression expression: (identifier) @use)
  (#match? @use "^[A-Z]"))
(object_creation_expression type: (identifier) @call)
(object_creation_expression type: (generic_name (identifier) @call))
(attribute name: (identifier) @use)
(generic_name (identifier) @typed)
(type_argument_list (identifier) @typed)
(parameter type: (identifier) @typed)
(variable_declaration type: (identifier) @typed)
(property_declaration type: (identifier) @typed)
(method_declaration returns: (identifier) @typed)
(nullable_type type: (identifier) @typed)
(array_type type: (identifier) @typed)
(cast_expression type: (identifier) @typed)
(typeof_expression type: (identifier) @typed)
(type_parameter_constraint type: (identifier) @typed)
(catch_declaration type: (identifier) @typed)
(argument (identifier) @mention)

(using_directive !name [(identifier) (qualified_name)] @import)
(using_directive name: (_) (qualified_name) @import)
