(function_item
  name: (_) @name
  body: (_) @body) @function
(parameters [(line_comment) (block_comment)] @aside)
(function_signature_item
  name: (_) @name) @function
(struct_item
  name: (_) @name
  body: (field_declaration_list)? @body) @class
(union_item
  name: (_) @name
  body: (_) @body) @class
(enum_item
  name: (_) @name
  body: (_) @body) @enum
(enum_variant
  name: (_) @name) @constant
(trait_item
  name: (_) @name
  body: (_) @body) @interface
(type_item
  name: (_) @name) @type
(associated_type
  name: (_) @name) @type
(const_item
  name: (_) @name) @constant
(static_item
  name: (_) @name) @constant
(field_declaration_list
  (field_declaration
    name: (_) @name) @property)
(mod_item
  name: (_) @name
  body: (_) @body) @module
(macro_definition
  name: (_) @name
  (macro_rule) @body) @macro

; What an implementation holds is named after its type.
(impl_item
  type: [
    (type_identifier) @name
    (generic_type type: [(type_identifier) @name (scoped_type_identifier name: (_) @name)])
    (scoped_type_identifier name: (_) @name)
  ]) @scope
(impl_item
  trait: [
    (type_identifier) @base
    (generic_type type: [(type_identifier) @base (scoped_type_identifier name: (_) @base)])
    (scoped_type_identifier name: (_) @base)
  ])
(impl_item
  type: [
    (type_identifier) @use
    (generic_type type: (type_identifier) @use)
  ])
(trait_item
  bounds: (trait_bounds [
    (type_identifier) @base
    (generic_type type: (type_identifier) @base)
    (scoped_type_identifier name: (_) @base)
  ]))

(call_expression function: (identifier) @call)
(call_expression function: (field_expression field: (field_identifier) @call))
(call_expression function: (scoped_identifier name: (identifier) @call))
(call_expression function: (scoped_identifier path: (identifier) @use))
(call_expression function: (scoped_identifier path: (scoped_identifier name: (identifier) @use)))
(call_expression function: (generic_function function: (identifier) @call))
(call_expression function: (generic_function function: (scoped_identifier name: (identifier) @call)))
(call_expression function: (generic_function function: (field_expression field: (field_identifier) @call)))
(macro_invocation macro: (identifier) @call)
(macro_invocation macro: (scoped_identifier name: (identifier) @call))
(type_identifier) @typed
(match_pattern (scoped_identifier name: (identifier) @use))
(match_pattern (scoped_identifier path: (identifier) @use))
(arguments (identifier) @mention)
(arguments (scoped_identifier name: (identifier) @use))
(arguments (reference_expression (identifier) @mention))
(field_initializer value: (identifier) @mention)
(binary_expression (identifier) @mention)
(attribute_item (attribute (identifier) @_derive arguments: (token_tree (identifier) @use))
  (#eq? @_derive "derive"))

(use_declaration argument: (scoped_identifier) @import)
(use_declaration argument: (scoped_identifier name: (identifier) @imported))
(use_declaration argument: (scoped_use_list path: (_) @import))
(use_declaration argument: (use_as_clause path: (_) @import))
(use_declaration argument: (use_wildcard (_) @import))
(use_declaration argument: (identifier) @import)
(use_list (identifier) @imported)
(use_list (scoped_identifier name: (identifier) @imported))
(use_as_clause path: (identifier) @imported)
(mod_item
  name: (identifier) @import
  !body)
(extern_crate_declaration name: (identifier) @import)
