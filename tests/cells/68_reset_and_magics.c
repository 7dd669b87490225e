int x = 1;
// ---
%reset
// ---
x
// ---
%lsmagic
// ---
%undoo
// ---
%time int y = 2;
// ---
y
