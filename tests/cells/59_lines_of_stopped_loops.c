for (;;);
// ---
while (1)
    ;
// ---
int n = 1;

for (;;)
{
}
// ---
int n = 1;

do ; while (1);
// ---
int n = 1;
again:
goto again;
// ---
puts("before");
{
    for (;;);
}
// ---
int loop(void)
{
    for (;;);
}
// ---
loop();
