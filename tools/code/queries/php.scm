(namespace_definition
  name: (_) @path
  body: (_) @body) @module
(class_declaration
  name: (_) @name
  body: (_) @body) @class
(interface_declaration
  name: (_) @name
  body: (_) @body) @interface
(trait_declaration
  name: (_) @name
  body: (_) @body) @interface
(enum_declaration
  name: (_) @name
  body: (_) @body) @enum
(enum_case
  name: (_) @name) @constant
(function_definition
  name: (_) @name
  body: (_) @body) @function
(method_declaration
  name: (_) @name
  body: (_)? @body) @method
(property_declaration
  (property_element name: (variable_name (name) @name))) @property
(property_promotion_parameter
  name: (variable_name (name) @name)) @property
(const_declaration
  (const_element . (name) @name)) @constant
((function_call_expression
  function: (name) @_define
  arguments: (arguments . (argument (string) @name))) @constant
  (#eq? @_define "define"))
(attribute_list) @aside
(formal_parameters (comment) @aside)

(base_clause [
  (name) @base
  (qualified_name (name) @base)
])
(class_interface_clause [
  (name) @base
  (qualified_name (name) @base)
])
(use_declaration [
  (name) @base
  (qualified_name (name) @base)
])
(function_call_expression function: [(name) @call (qualified_name (name) @call)])
(member_call_expression name: (name) @call)
(nullsafe_member_call_expression name: (name) @call)
(scoped_call_expression name: (name) @call)
(scoped_call_expression scope: [(name) @use (qualified_name (name) @use)])
(class_constant_access_expression . [(name) @use (qualified_name (name) @use)])
(object_creation_expression [(name) @call (qualified_name (name) @call)])
(named_type [(name) @typed (qualified_name (name) @typed)])
(attribute (name) @use)
(binary_expression (name) @mention)
(argument (name) @mention)

(namespace_use_clause (qualified_name) @import)
(namespace_use_clause (qualified_name (name) @imported))
(namespace_use_declaration (namespace_name) @import)
(namespace_use_group (namespace_use_clause (name) @imported))
(include_expression (string) @import)
(include_once_expression (string) @import)
(require_expression (string) @import)
(require_once_expression (string) @import)
(require_once_expression (binary_expression right: (string) @import))
(require_expression (binary_expression right: (string) @import))
