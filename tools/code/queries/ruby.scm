(module name: [(constant) @name (scope_resolution) @path]) @module
(module body: (_) @body)
(class name: [(constant) @name (scope_resolution) @path]) @class
(class body: (_) @body)
(method name: (_) @name) @function
(method body: (_) @body)
(singleton_method
  object: (_) @receiver
  name: (_) @name) @method
(singleton_method body: (_) @body)
(alias name: (_) @name) @method
(assignment left: (constant) @name) @constant
((call
  method: (identifier) @_made
  arguments: (argument_list (simple_symbol) @name)) @property
  (#any-of? @_made "attr_accessor" "attr_reader" "attr_writer"))

(superclass [
  (constant) @base
  (scope_resolution name: (constant) @base)
])
((call
  method: (identifier) @_mixed
  arguments: (argument_list [
    (constant) @base
    (scope_resolution name: (constant) @base)
  ]))
  (#any-of? @_mixed "include" "extend" "prepend"))
(call method: (identifier) @call)
(call receiver: (constant) @use)
(call receiver: (scope_resolution name: (constant) @use))
(argument_list (constant) @use)
(scope_resolution scope: (constant) @use)
(rescue (exceptions (constant) @use))
(body_statement (identifier) @mention)

((call
  method: (identifier) @_required
  arguments: (argument_list (string) @import))
  (#any-of? @_required "require" "require_relative" "load"))
