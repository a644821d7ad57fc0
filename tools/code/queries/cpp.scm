; What C has not.

(function_declarator declarator: [(destructor_name) (operator_name)] @name)
(function_declarator declarator: (qualified_identifier) @path)
(function_declarator declarator: (template_function name: (identifier) @name))
(operator_cast type: (_) @name)
(function_definition (default_method_clause) @body) @function
(function_definition (delete_method_clause) @body) @function
(field_initializer_list) @body
(declaration declarator: (reference_declarator (function_declarator))) @function
(field_declaration declarator: (function_declarator)) @method
(field_declaration declarator: (pointer_declarator (function_declarator))) @method
(field_declaration declarator: (reference_declarator (function_declarator))) @method

(class_specifier
  name: [(type_identifier) @name (template_type name: (_) @name) (qualified_identifier) @path]
  body: (_) @body) @class
(struct_specifier
  name: [(template_type name: (_) @name) (qualified_identifier) @path]
  body: (_) @body) @class
(namespace_definition
  name: (namespace_identifier) @name
  body: (_) @body) @module
(namespace_definition
  name: (nested_namespace_specifier) @path
  body: (_) @body) @module
(alias_declaration
  name: (type_identifier) @name) @type
(concept_definition
  name: (identifier) @name) @type

(base_class_clause [
  (type_identifier) @base
  (template_type name: (type_identifier) @base)
  (qualified_identifier name: (type_identifier) @base)
  (qualified_identifier name: (template_type name: (type_identifier) @base))
])
(call_expression function: (qualified_identifier name: (identifier) @call))
(call_expression function: (qualified_identifier name: (qualified_identifier name: (identifier) @call)))
(call_expression function: (qualified_identifier scope: (namespace_identifier) @mention))
(call_expression function: (template_function name: (identifier) @call))
(call_expression function: (qualified_identifier name: (template_function name: (identifier) @call)))
(call_expression function: (field_expression field: (template_method name: (field_identifier) @call)))
(new_expression type: (type_identifier) @call)
(using_declaration (qualified_identifier name: (identifier) @imported))
