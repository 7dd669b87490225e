/* Where nb-draw's fonts come from. */
#ifndef NB_DRAW_FONTS_H
#define NB_DRAW_FONTS_H

/* Use the fonts of the installation, if it brings some (the wheel does: a machine may have none),
   beside the system's. Before the first text. FONTCONFIG_FILE or FONTCONFIG_PATH of the user win. */
void fonts_prepare(void);

#endif
