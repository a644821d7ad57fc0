; C and C++.

; A definition's own name stands in its declarator, at any depth of pointers: it goes to the innermost extent around it.
(function_declarator declarator: [(identifier) (field_identifier)] @name)
(function_definition body: (_) @body) @function
(parameter_list (comment) @aside)

; Prototypes. Those in a function's body are left out later.
(declaration declarator: (function_declarator)) @function
(declaration declarator: (pointer_declarator (function_declarator))) @function
(declaration declarator: (pointer_declarator (pointer_declarator (function_declarator)))) @function

(translation_unit (declaration declarator: [
  (identifier) @name
  (pointer_declarator declarator: (identifier) @name)
  (array_declarator declarator: (identifier) @name)
  (init_declarator declarator: [
    (identifier) @name
    (pointer_declarator declarator: (identifier) @name)
    (array_declarator declarator: (identifier) @name)
  ])
]) @constant)
(declaration_list (declaration declarator: [
  (identifier) @name
  (pointer_declarator declarator: (identifier) @name)
  (array_declarator declarator: (identifier) @name)
  (init_declarator declarator: [
    (identifier) @name
    (pointer_declarator declarator: (identifier) @name)
    (array_declarator declarator: (identifier) @name)
  ])
]) @constant)
(preproc_ifdef (declaration declarator: [
  (identifier) @name
  (pointer_declarator declarator: (identifier) @name)
  (array_declarator declarator: (identifier) @name)
  (init_declarator declarator: (identifier) @name)
]) @constant)

(struct_specifier
  name: (type_identifier) @name
  body: (_) @body) @class
(union_specifier
  name: (type_identifier) @name
  body: (_) @body) @class
(enum_specifier
  name: (type_identifier) @name
  body: (_) @body) @enum
(enumerator
  name: (identifier) @name) @constant
(field_declaration
  declarator: [
    (field_identifier) @name
    (pointer_declarator declarator: (field_identifier) @name)
    (pointer_declarator declarator: (pointer_declarator declarator: (field_identifier) @name))
    (array_declarator declarator: (field_identifier) @name)
    (function_declarator declarator: (parenthesized_declarator
      (pointer_declarator declarator: (field_identifier) @name)))
  ]) @property

(type_definition
  declarator: [
    (type_identifier) @name
    (primitive_type) @name
    (pointer_declarator declarator: (type_identifier) @name)
    (array_declarator declarator: (type_identifier) @name)
    (function_declarator declarator: (type_identifier) @name)
    (function_declarator declarator: (parenthesized_declarator
      (pointer_declarator declarator: (type_identifier) @name)))
  ]) @type
(type_definition
  type: (struct_specifier !name body: (_) @body)) @class
(type_definition
  type: (union_specifier !name body: (_) @body)) @class
(type_definition
  type: (enum_specifier !name body: (_) @body)) @enum

; Without a value it is a guard or a switch.
(preproc_def
  name: (identifier) @name
  value: (_)) @macro
(preproc_function_def
  name: (identifier) @name
  value: (_)? @body) @macro

(call_expression function: (identifier) @call)
(call_expression function: (field_expression field: (field_identifier) @call))
(type_identifier) @typed
(case_statement value: (identifier) @use)
(argument_list (identifier) @mention)
(pointer_expression argument: (identifier) @mention)
(init_declarator value: (identifier) @mention)
(initializer_pair value: (identifier) @mention)
(initializer_list (identifier) @mention)
(assignment_expression right: (identifier) @mention)
(return_statement (identifier) @mention)
(binary_expression (identifier) @mention)

(preproc_include path: (_) @import)
