(create_table
  (object_reference schema: (_)? @receiver name: (_) @name)
  (column_definitions)? @body) @class
(create_view
  (object_reference schema: (_)? @receiver name: (_) @name)
  (create_query) @body) @class
(create_materialized_view
  (object_reference schema: (_)? @receiver name: (_) @name)
  (create_query) @body) @class
(create_type
  . (keyword_create) . (keyword_type) . (object_reference schema: (_)? @receiver name: (_) @name)) @type
(create_schema (identifier) @name) @module
(create_function
  . (keyword_create) . (keyword_or)? . (keyword_replace)? . (keyword_function)
  . (object_reference name: (_) @name)
  (function_body) @body) @function
(create_trigger
  (keyword_trigger) . (object_reference name: (_) @name)) @function
(create_index column: (_) @name) @constant
(create_sequence
  (object_reference name: (_) @name)) @constant
(column_definition
  name: (_) @name) @property

(relation (object_reference name: (_) @use))
(insert (object_reference name: (_) @use))
(column_definition (keyword_references) . (object_reference name: (_) @use))
(constraint (keyword_references) . (object_reference name: (_) @use))
(column_definition custom_type: (object_reference name: (_) @typed))
(alter_table (object_reference name: (_) @use))
(create_index (object_reference name: (_) @use))
(create_trigger (object_reference name: (_) @use))
(invocation (object_reference name: (_) @call))
