int x = 1;
// ---
x = 2;
// ---
%undo 2
// ---
%reset now
// ---
x
// ---
%who x
// ---
%undo
// ---
x
