/* What a job may use (keras-format.md 5 holds the table). */
#ifndef NN_FILES_SANDBOX_H
#define NN_FILES_SANDBOX_H

#define LIMIT_ADDRESS_SPACE ((size_t)2 << 30)
#define LIMIT_CPU_SECONDS   10

/* Limits for a job that reads foreign bytes: address space (off in sanitizer builds), processor
   time, no byte written to any file, no core dump. What the system forbids to set is left out. */
void limit_resources(void);

/* From here on only reading, memory and the end are possible: no file, socket or process can be
   opened. Needs seccomp; without it nothing changes. */
void limit_system_calls(void);

#endif
