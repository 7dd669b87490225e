int a b;
// ---
a
// ---
int 3x = 4;
// ---
#define UNUSED __attribute__((unused))
int used UNUSED; int *q UNUSED = NULL; used + 1
// ---
int arr[] = {1, 2}, z UNUSED = 4; z
// ---
else used = 4;
// ---
break;
// ---
continue;
// ---
case 3: used = 2;
// ---
5 = used;
// ---
int *p = 3.5;
// ---
print("hello")
// ---
é = 3;
// ---
printf(“hi”);
// ---
used – 1
// ---
puts("“quoted” – fine");
// ---
struct t { int m; } v; v.nomember
// ---
int y = ;
// ---
used
