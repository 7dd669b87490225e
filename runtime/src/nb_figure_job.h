/*
 * How a figure travels to nb-draw: fields of the form "TAG SIZE\n", SIZE bytes, "\n", in any
 * order, after the line NB_FIGURE_MAGIC. Numbers are doubles and texts are UTF-8, both as they lie
 * in memory: sender and receiver are the same machine.
 *
 *   size     doubles: kind, width, height, rows, cols, image_height, image_width, zoom, x_low,
 *            x_high
 *   title, x_label, y_label    text
 *   name     text, the name of the next series; values: its doubles
 *   label    text, once for each label
 *   pixels   bytes of all images;  emphasis: one byte for each image
 */
#ifndef NB_SRC_FIGURE_JOB_H
#define NB_SRC_FIGURE_JOB_H

#define NB_FIGURE_MAGIC "nb-figure 1\n"

/* What a figure may hold. */
enum {
    NB_FIGURE_MAX_SERIES = 32,
    NB_FIGURE_MAX_VALUES = 100000, /* of one series */
    NB_FIGURE_MAX_LABELS = 2500,
    NB_FIGURE_MAX_TEXT = 10000,    /* bytes of one text */
    NB_FIGURE_MAX_IMAGES = 2500,
    NB_FIGURE_MAX_SIDE = 512,      /* pixels of one image */
    NB_FIGURE_MAX_PIXELS = 1 << 24,
    NB_FIGURE_MAX_SIZE = 4000,     /* CSS pixels of the figure */
    NB_FIGURE_MAX_CLASSES = 50
};

#endif
