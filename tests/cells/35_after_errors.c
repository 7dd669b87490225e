int f(int x){ goto L; }
// ---
1+1
// ---
int f(int x){ goto L; }
// ---
1+1
// ---
int f(int x){ goto L; }
// ---
1+1
// ---
int f(int x){ goto L; }
// ---
1+1
// ---
int f(int x){ goto L; }
// ---
1+1
// ---
int f(int x){ goto L; }
// ---
1+1
// ---
int f(int x){ goto L; }
// ---
1+1
// ---
int f(int x){ goto L; }
// ---
1+1
// ---
int f(int x){ goto L; }
// ---
1+1
// ---
int f(int x){ goto L; }
// ---
1+1
