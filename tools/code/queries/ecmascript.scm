; JavaScript, TypeScript and TSX.

(function_declaration
  name: (identifier) @name
  body: (_) @body) @function
(generator_function_declaration
  name: (identifier) @name
  body: (_) @body) @function
(method_definition
  name: [(property_identifier) (private_property_identifier)] @name
  body: (_) @body) @method
(class_declaration
  name: (_) @name
  body: (_) @body) @class
(class_declaration (decorator) @aside)

; A name that holds a function or a class is that function or class.
(variable_declarator
  name: (identifier) @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @function
(variable_declarator
  name: (identifier) @name
  value: (class body: (_) @body)) @class
(assignment_expression
  left: (member_expression) @path
  right: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @function
(assignment_expression
  left: (member_expression) @path
  right: (class body: (_) @body)) @class
; React's wrappers.
((variable_declarator
  name: (identifier) @name
  value: (call_expression
    function: (_) @_wrapper
    arguments: (arguments . [
      (arrow_function body: (_) @body)
      (function_expression body: (_) @body)
    ]))) @function
  (#match? @_wrapper "^(React\\.)?(memo|forwardRef|useCallback|observer)$"))
(formal_parameters (comment) @aside)

(program
  [(lexical_declaration (variable_declarator name: (identifier) @name) @constant)
   (variable_declaration (variable_declarator name: (identifier) @name) @constant)
   (export_statement
     declaration: (_ (variable_declarator name: (identifier) @name) @constant))])

; Functions of an object that a module exports or holds by a name.
(variable_declarator
  value: (object (pair
    key: (property_identifier) @name
    value: [
      (arrow_function body: (_) @body)
      (function_expression body: (_) @body)
    ]) @function))
(assignment_expression
  right: (object (pair
    key: (property_identifier) @name
    value: [
      (arrow_function body: (_) @body)
      (function_expression body: (_) @body)
    ]) @function))
(export_statement
  value: (object (pair
    key: (property_identifier) @name
    value: [
      (arrow_function body: (_) @body)
      (function_expression body: (_) @body)
    ]) @function))

(call_expression function: (identifier) @call)
(call_expression function: (member_expression property: (_) @call))
(new_expression constructor: (identifier) @call)
(new_expression constructor: (member_expression property: (_) @call))
(decorator (identifier) @use)

(arguments (identifier) @mention)
(member_expression object: (identifier) @mention)
(pair value: (identifier) @mention)
(array (identifier) @mention)
(shorthand_property_identifier) @mention
(return_statement (identifier) @mention)
(export_statement value: (identifier) @mention)
(export_specifier name: (identifier) @mention)
(assignment_expression right: (identifier) @mention)
(variable_declarator value: (identifier) @mention)

(import_statement source: (string) @import)
(export_statement source: (string) @import)
(import_specifier name: (identifier) @imported)
(import_clause (identifier) @imported)
(namespace_import (identifier) @imported)
(call_expression
  function: (import)
  arguments: (arguments . (string) @import))
(call_expression
  function: (identifier) @_require
  arguments: (arguments . (string) @import .)
  (#eq? @_require "require"))
(variable_declarator
  name: (object_pattern [
    (shorthand_property_identifier_pattern) @imported
    (pair_pattern key: (property_identifier) @imported)])
  value: (call_expression function: (identifier) @_required)
  (#eq? @_required "require"))
(variable_declarator
  name: (identifier) @imported
  value: (call_expression function: (identifier) @_required)
  (#eq? @_required "require"))
