(class_declaration
  name: (_) @name
  body: (_) @body) @class
(record_declaration
  name: (_) @name
  body: (_) @body) @class
(interface_declaration
  name: (_) @name
  body: (_) @body) @interface
(annotation_type_declaration
  name: (_) @name
  body: (_) @body) @interface
(enum_declaration
  name: (_) @name
  body: (_) @body) @enum
(enum_constant
  name: (_) @name) @constant
(method_declaration
  name: (_) @name
  body: (_)? @body) @method
(constructor_declaration
  name: (_) @name
  body: (_) @body) @method
(compact_constructor_declaration
  name: (_) @name
  body: (_) @body) @method
(annotation_type_element_declaration
  name: (_) @name) @method
(field_declaration
  declarator: (variable_declarator
    name: (_) @name)) @property
(constant_declaration
  declarator: (variable_declarator
    name: (_) @name)) @property
(modifiers [(marker_annotation) (annotation)] @aside)
(formal_parameters [(line_comment) (block_comment)] @aside)

(superclass [
  (type_identifier) @base
  (generic_type (type_identifier) @base)
  (scoped_type_identifier (type_identifier) @base .)
])
(type_list [
  (type_identifier) @base
  (generic_type (type_identifier) @base)
  (scoped_type_identifier (type_identifier) @base .)
])
(method_invocation name: (identifier) @call)
((method_invocation object: (identifier) @use)
  (#match? @use "^[A-Z]"))
((field_access object: (identifier) @use)
  (#match? @use "^[A-Z]"))
(method_reference . (identifier) @mention)
(method_reference (identifier) @call .)
(object_creation_expression type: [
  (type_identifier) @call
  (generic_type (type_identifier) @call)
  (scoped_type_identifier (type_identifier) @call .)
])
(marker_annotation name: (identifier) @use)
(annotation name: (identifier) @use)
(type_identifier) @typed

(import_declaration (scoped_identifier) @import)
(import_declaration (scoped_identifier name: (identifier) @imported) .)
