(document
  (block_node (block_mapping
    (block_mapping_pair
      key: (_) @name) @property)))
(document
  (block_node (block_mapping
    (block_mapping_pair
      value: (block_node [(block_mapping) (block_sequence)])) @section)))
(document
  (block_node (block_mapping
    (block_mapping_pair
      value: (block_node (block_mapping
        (block_mapping_pair
          key: (_) @name) @property))))))
