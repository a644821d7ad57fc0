(class_definition
  name: (_) @name
  body: (_)? @body) @class
(object_definition
  name: (_) @name
  body: (_)? @body) @class
(package_object
  name: (_) @name
  body: (_)? @body) @class
(trait_definition
  name: (_) @name
  body: (_)? @body) @interface
(enum_definition
  name: (_) @name
  body: (_)? @body) @enum
(simple_enum_case
  name: (_) @name) @constant
(full_enum_case
  name: (_) @name) @constant
(function_definition
  name: (_) @name
  body: (_)? @body) @function
(function_declaration
  name: (_) @name) @function
(template_body
  (val_definition
    pattern: (identifier) @name) @property)
(template_body
  (var_definition
    pattern: (identifier) @name) @property)
(template_body
  (val_declaration
    name: (identifier) @name) @property)
(compilation_unit
  (val_definition
    pattern: (identifier) @name) @constant)
(given_definition
  name: (_) @name
  body: (_)? @body) @constant
(type_definition
  name: (_) @name) @type
(extension_definition) @scope
(annotation) @aside
(parameters [(comment) (block_comment)] @aside)

(extends_clause type: [
  (type_identifier) @base
  (generic_type type: (type_identifier) @base)
  (stable_type_identifier (type_identifier) @base)
])
(call_expression function: (identifier) @call)
(call_expression function: (field_expression field: (identifier) @call))
(call_expression function: (generic_function function: (identifier) @call))
(call_expression function: (generic_function function: (field_expression field: (identifier) @call)))
(instance_expression (type_identifier) @call)
((field_expression value: (identifier) @use)
  (#match? @use "^[A-Z]"))
(case_class_pattern type: (type_identifier) @use)
(type_identifier) @typed
(arguments (identifier) @mention)

(import_declaration) @import
(namespace_selectors (identifier) @imported)
(arrow_renamed_identifier name: (identifier) @imported)
