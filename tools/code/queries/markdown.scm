; Not headings in lists and quotes.
(document
  (section (atx_heading heading_content: (_) @name)) @section)
(section
  (section (atx_heading heading_content: (_) @name)) @section)
; The grammar opens no section for a heading that is underlined.
(section
  (setext_heading heading_content: (_) @name) @section)
