# What a notebook shows: displays, tables, figures, progress, records.
target_sources(nn PRIVATE
    src/nb_text.c
    src/nb_display.c
    src/nb_table.c
    src/nb_table_markup.c
    src/nb_table_plain.c)
