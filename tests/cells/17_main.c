int main(void){puts("hi"); return 0;}
// ---
int seen = 0; int main(void){seen = 5; return 3;}
// ---
seen
// ---
int main(int argc, char **argv){printf("%d\n", argc);}
// ---
int main(int argc, char **argv, char **envp) { extern char **environ; puts(envp == environ ? "same" : "other"); }
