(document
  (object (pair
    key: (string) @name) @property))
(document
  (object (pair
    value: [(object) (array)]) @section))
(document
  (object (pair
    value: (object (pair
      key: (string) @name) @property))))
