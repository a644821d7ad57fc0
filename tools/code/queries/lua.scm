(function_declaration
  name: (identifier) @name
  body: (_)? @body) @function
(function_declaration
  name: [(dot_index_expression) (method_index_expression)] @path
  body: (_)? @body) @function
(assignment_statement
  (variable_list . name: (_) @path .)
  (expression_list . value: (function_definition body: (_)? @body) .)) @function
(table_constructor
  (field
    name: (identifier) @name
    value: (function_definition body: (_)? @body)) @function)
(chunk
  (variable_declaration
    (assignment_statement (variable_list name: (identifier) @name))) @constant)
(chunk
  (assignment_statement (variable_list name: (_) @path)) @constant)

(function_call name: (identifier) @call)
(function_call name: (dot_index_expression field: (identifier) @call))
(function_call name: (method_index_expression method: (identifier) @call))
(dot_index_expression table: (identifier) @mention)
(arguments (identifier) @mention)
(expression_list value: (identifier) @mention)
(binary_expression (identifier) @mention)

((variable_declaration
  (assignment_statement
    (variable_list . name: (identifier) @imported .)
    (expression_list . value: (function_call name: (identifier) @_required) .)))
  (#eq? @_required "require"))
((function_call
  name: (identifier) @_required
  arguments: (arguments (string) @import))
  (#any-of? @_required "require" "dofile" "loadfile"))
