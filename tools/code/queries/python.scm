; What the captures mean is said in ../extract.py.

(function_definition
  name: (identifier) @name
  body: (block) @body) @function
(function_definition (comment) @aside)
(parameters (comment) @aside)
(function_definition
  body: (block . (expression_statement (string) @doc)))

(class_definition
  name: (identifier) @name
  body: (block) @body) @class
(class_definition
  body: (block . (expression_statement (string) @doc)))

(module
  (expression_statement
    (assignment left: (identifier) @name) @constant))
(module
  [(if_statement consequence: (block (expression_statement (assignment left: (identifier) @name) @constant)))
   (try_statement body: (block (expression_statement (assignment left: (identifier) @name) @constant)))])
(class_definition
  body: (block
    (expression_statement
      (assignment left: (identifier) @name) @property)))
(type_alias_statement
  left: (type (identifier) @name)) @type

(class_definition
  superclasses: (argument_list
    [(identifier) @base
     (attribute attribute: (identifier) @base)
     (subscript value: (identifier) @base)
     (subscript value: (attribute attribute: (identifier) @base))]))
(call function: (identifier) @call)
(call function: (attribute attribute: (identifier) @call))
(decorator (identifier) @use)
(decorator (attribute attribute: (identifier) @use))
(type (identifier) @typed)
(type (attribute attribute: (identifier) @typed))
(type (generic_type (identifier) @typed))
(type (binary_operator (identifier) @typed))
(except_clause value: (identifier) @use)
(except_clause value: (attribute attribute: (identifier) @use))
(keyword_argument value: (identifier) @mention)
(argument_list (identifier) @mention)
(list (identifier) @mention)
(return_statement (identifier) @mention)
(assignment right: (identifier) @mention)

(import_statement name: (dotted_name) @import)
(import_statement name: (aliased_import name: (dotted_name) @import))
(import_from_statement module_name: (_) @import)
(import_from_statement name: (dotted_name (identifier) @imported .))
(import_from_statement name: (aliased_import name: (dotted_name (identifier) @imported .)))
