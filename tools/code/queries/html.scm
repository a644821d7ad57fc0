; Elements that something can point at, headings and the title; not what they hold.
((element
  [(start_tag (attribute
    (attribute_name) @_id
    (quoted_attribute_value (attribute_value) @name)))
   (self_closing_tag (attribute
    (attribute_name) @_id
    (quoted_attribute_value (attribute_value) @name)))]) @section
  (#eq? @_id "id"))
((element
  (start_tag (tag_name) @_heading)
  . (text) @name) @section
  (#match? @_heading "^([hH][1-6]|title)$"))

((start_tag
  (tag_name) @_tag
  (attribute
    (attribute_name) @_source
    (quoted_attribute_value (attribute_value) @import)))
  (#eq? @_tag "script")
  (#eq? @_source "src"))
((start_tag
  (tag_name) @_tag
  (attribute
    (attribute_name) @_target
    (quoted_attribute_value (attribute_value) @import)))
  (#eq? @_tag "link")
  (#eq? @_target "href"))
