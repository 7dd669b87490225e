for (int i = 0; i < 600000; i++) printf("line %d\n", i);
// ---
%output-limit off
// ---
for (int i = 0; i < 600000; i++) printf("line %d\n", i);
// ---
1
