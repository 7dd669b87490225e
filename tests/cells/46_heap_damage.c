int *h = malloc(4 * sizeof *h); *h = 1;
// ---
free(h); free(h);
// ---
*h
// ---
memset(h, 7, 1 << 28);
// ---
*h
