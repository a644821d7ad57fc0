(function_definition
  name: (word) @name
  body: (_) @body) @function
(program
  [(variable_assignment name: (variable_name) @name) @constant
   (declaration_command (variable_assignment name: (variable_name) @name)) @constant])

(command name: (command_name (word) @call))
(simple_expansion (variable_name) @mention)
(expansion (variable_name) @mention)
(arithmetic_expansion (variable_name) @mention)

((command
  name: (command_name (word) @_source)
  argument: [(word) (string) (raw_string) (concatenation)] @import)
  (#any-of? @_source "source" "."))
