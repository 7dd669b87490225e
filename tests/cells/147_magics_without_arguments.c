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
// ---
!x
// ---
!(x)
// ---
struct s { int a; }; (struct s)5
