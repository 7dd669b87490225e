for (int i=0;i<3;i++) if (i==1) goto end; end: puts("done");
// ---
int n = 0;
again:
if (++n < 4) goto again;
n
// ---
goto over; int late = 3;
over: late
// ---
goto nowhere;
