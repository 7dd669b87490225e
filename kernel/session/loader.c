#include "loader_internal.h"

#include "line_table.h"
#include "linking.h"
#include "stabs.h"

#include <ar.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Recording a unit ------------------------------------------------------------------- */

/* Forget all but where the unit lies. */
static void image_empty(image_t *image)
{
    free(image->symbols);
    free(image->names);
    stabs_free(image->stabs);
    image->symbols = NULL;
    image->names = NULL;
    image->stabs = NULL;
    image->symbol_count = 0;
}

static void image_free(image_t *image)
{
    if (image) {
        image_empty(image);
        free(image);
    }
}

/* Keep the names and addresses of all that the unit defines. */
static bool record_symbols(image_t *image, const link_t *link)
{
    const elf_object *object = &link->object;
    size_t count = 0, text = 0;
    for (size_t i = 1; i < object->symbol_count; i++) {
        Elf64_Sym symbol = elf_symbol(object, i);
        if (symbol.st_shndx != SHN_UNDEF && link->values[i]) {
            count++;
            text += strlen(elf_symbol_name(object, &symbol)) + 1;
        }
    }
    image->symbols = calloc(count + 1, sizeof *image->symbols);
    image->names = malloc(text + 1);
    if (!image->symbols || !image->names)
        return false;
    char *end = image->names;
    for (size_t i = 1; i < object->symbol_count; i++) {
        Elf64_Sym symbol = elf_symbol(object, i);
        if (symbol.st_shndx == SHN_UNDEF || !link->values[i])
            continue;
        const char *name = elf_symbol_name(object, &symbol);
        if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC &&
            ELF64_ST_TYPE(symbol.st_info) != STT_OBJECT)
            continue;
        image->symbols[image->symbol_count++] =
            (image_symbol){.name = end, .address = link->values[i]};
        end = stpcpy(end, name) + 1;
    }
    return true;
}

static image_t *image_create(const link_t *link)
{
    image_t *image = calloc(1, sizeof *image);
    if (!image || !record_symbols(image, link)) {
        image_free(image);
        return NULL;
    }
    image->cell = link->cell;
    image->text = (uintptr_t)link->text;
    image->text_end = (uintptr_t)link->loader->arena.text_top;
    image->stabs = stabs_read(&link->object, link->values);
    if (!image->stabs)
        image->stabs = line_table_read(&link->object, link->values);
    return image;
}

static bool reserve_image(loader_t *loader)
{
    if (loader->image_count < loader->image_capacity)
        return true;
    int capacity = loader->image_capacity ? loader->image_capacity * 2 : 64;
    image_t **images = realloc(loader->images, (size_t)capacity * sizeof *images);
    if (!images)
        return false;
    loader->images = images;
    loader->image_capacity = capacity;
    return true;
}

/* --- Entering symbols ------------------------------------------------------------------- */

/* Does this symbol of the unit get a meaning in the session? */
static bool is_exported(const link_t *link, const Elf64_Sym *symbol, const char *name)
{
    int type = ELF64_ST_TYPE(symbol->st_info);
    return ELF64_ST_BIND(symbol->st_info) != STB_LOCAL && symbol->st_shndx != SHN_UNDEF &&
           symbol->st_shndx != SHN_ABS && *name && (type == STT_FUNC || type == STT_OBJECT) &&
           (link_bind(link, name) || strncmp(name, "__", 2) != 0);
}

/* Make every entry that commit needs, so that it cannot fail. */
static bool prepare(link_t *link)
{
    for (size_t i = 1; i < link->object.symbol_count; i++) {
        Elf64_Sym symbol = elf_symbol(&link->object, i);
        const char *name = elf_symbol_name(&link->object, &symbol);
        if (!is_exported(link, &symbol, name))
            continue;
        symbol_t *entry = symbol_intern(&link->loader->session, name);
        if (!entry)
            return false;
        /* Room for the address that this unit replaces. */
        void **older = realloc(entry->older, (entry->older_count + 1) * sizeof *older);
        if (!older)
            return false;
        entry->older = older;
    }
    return true;
}

/* Take back the entries that this unit made: names without a meaning and new thunks. */
static void abandon(link_t *link)
{
    for (size_t i = 1; i < link->object.symbol_count; i++) {
        Elf64_Sym symbol = elf_symbol(&link->object, i);
        const char *name = elf_symbol_name(&link->object, &symbol);
        const symbol_t *entry = symbol_find(&link->loader->session, name);
        if (entry && (!entry->address ||
                      (entry->is_undefined && entry->image == link->loader->image_count)))
            symbol_remove(&link->loader->session, name);
    }
}

static void commit_function(link_t *link, symbol_t *entry, const lang_symbol *bind, void *address)
{
    bool patch = entry->is_undefined ||
                 (entry->address && entry->is_function && bind && bind->bind == LANG_BIND_PATCH);
    if (!patch && entry->image >= 0 && entry->image < link->loader->image_count)
        link->loader->images[entry->image]->is_called = true;
    if (!patch)
        entry->older_count = 0;
    else if (arena_has_text(&link->loader->arena, entry->address))
        entry->older[entry->older_count++] = entry->address;
    for (size_t i = 0; i < entry->older_count; i++)
        link_write_jump(entry->older[i], address);
    entry->address = address;
    entry->is_function = true;
    entry->is_undefined = false;
}

/* The old storage takes the unit's initial value, mostly zero. */
static void commit_same(link_t *link, symbol_t *entry, const Elf64_Sym *symbol)
{
    size_t size = entry->size;
    const char *source = NULL;
    if (symbol->st_shndx < link->object.section_count && link->sections[symbol->st_shndx])
        source = link->sections[symbol->st_shndx] + symbol->st_value;
    bool has_contents = source && elf_section(&link->object, symbol->st_shndx).sh_type !=
                                      SHT_NOBITS;
    if (has_contents)
        memcpy(entry->address, source, size);
    else
        memset(entry->address, 0, size);
}

/* The debug information of a unit whose functions all have been replaced describes code that
   nobody can reach: their entries are jumps.

   What each redefinition leaves for good is its old code (as long as it is, in steps of 16 bytes),
   its static locals and string literals, and about 100 bytes of ours: this image, by which addresses
   are looked up, and the address of the old entry. None of it can go: pointers to the function and
   to its literals and statics may be stored anywhere, and threads, signal handlers and contexts of
   makecontext() may still be inside the old code, so that only its entry may change. */
static void forget_replaced(loader_t *loader, int number)
{
    image_t *image = number >= 0 && number < loader->image_count ? loader->images[number] : NULL;
    if (!image || image->is_called)
        return;
    for (size_t i = 0; i < loader->session.capacity; i++)
        if (loader->session.slots[i] && loader->session.slots[i]->image == number)
            return;
    image_empty(image);
}

static void commit(link_t *link, int number)
{
    for (size_t i = 1; i < link->object.symbol_count; i++) {
        Elf64_Sym symbol = elf_symbol(&link->object, i);
        const char *name = elf_symbol_name(&link->object, &symbol);
        symbol_t *entry = link_same(link, name, &symbol);
        if (entry) {
            if (symbol.st_shndx != SHN_UNDEF)
                commit_same(link, entry, &symbol);
            continue;
        }
        if (!is_exported(link, &symbol, name))
            continue;
        entry = symbol_find(&link->loader->session, name);
        int replaced = entry->is_undefined ? -1 : entry->image; /* a thunk is nobody's code */
        entry->size = symbol.st_size;
        if (ELF64_ST_TYPE(symbol.st_info) == STT_FUNC) {
            commit_function(link, entry, link_bind(link, name), link->values[i]);
            entry->image = number;
            forget_replaced(link->loader, replaced);
        } else {
            entry->image = number;
            entry->address = link->values[i];
            entry->is_function = entry->is_undefined = false;
            entry->older_count = 0;
        }
    }
}

/* --- What may go once the unit has run ---------------------------------------------------- */

/* Whether a name is one of the engine's own in the unit: its code, and where its value lies. */
static bool is_internal(const lang_unit *unit, const char *name)
{
    return (unit->entry && strcmp(name, unit->entry) == 0) || strncmp(name, "__xt_", 5) == 0;
}

/* Whether all that a data section holds is the engine's own or initial values that have been copied
   to objects of earlier cells. */
static bool has_only_passing_data(const link_t *link, size_t section)
{
    size_t covered = 0;
    for (size_t i = 1; i < link->object.symbol_count; i++) {
        Elf64_Sym symbol = elf_symbol(&link->object, i);
        if (symbol.st_shndx != section || ELF64_ST_TYPE(symbol.st_info) == STT_SECTION)
            continue;
        const char *name = elf_symbol_name(&link->object, &symbol);
        if (symbol.st_size && !link_same(link, name, &symbol) && !is_internal(link->unit, name))
            return false;
        covered += symbol.st_size;
    }
    return covered > 0 || elf_section(&link->object, section).sh_size == 0;
}

/* Whether nothing of the session can lead into the unit's text. Moves *DATA_TOP behind the data
   that must stay. Ask before the unit is committed. */
static bool is_passing(const link_t *link, int first_image, char **data_top)
{
    if (link->keeps_text)
        return false;
    for (size_t i = 1; i < link->object.symbol_count; i++) {
        Elf64_Sym symbol = elf_symbol(&link->object, i);
        const char *name = elf_symbol_name(&link->object, &symbol);
        if (symbol.st_shndx == SHN_UNDEF) {
            const symbol_t *known = symbol_find(&link->loader->session, name);
            if (known && known->is_undefined && known->image >= first_image)
                return false; /* its thunk lies here and waits for the definition */
            continue;
        }
        if (link_same(link, name, &symbol) || is_internal(link->unit, name))
            continue;
        if (is_exported(link, &symbol, name)) /* a function of a header goes with its caller */
            return false;
    }
    for (size_t i = 1; i < link->object.section_count; i++) {
        Elf64_Shdr section = elf_section(&link->object, i);
        if (!link->sections[i] || section.sh_flags & SHF_EXECINSTR)
            continue;
        char *end = link->sections[i] + section.sh_size;
        if (end > *data_top && !has_only_passing_data(link, i))
            *data_top = end;
    }
    return true;
}

/* --- Constructors ----------------------------------------------------------------------- */

static void run_constructors(link_t *link)
{
    for (size_t i = 1; i < link->object.section_count; i++) {
        if (!link->sections[i] ||
            strncmp(elf_section_name(&link->object, i), ".init_array", 11) != 0)
            continue;
        size_t count = elf_section(&link->object, i).sh_size / sizeof(void (*)(void));
        for (size_t k = 0; k < count; k++) {
            void (*function)(void);
            memcpy(&function, link->sections[i] + k * sizeof function, sizeof function);
            if (!function)
                continue;
            if (link->loader->run_constructor)
                link->loader->run_constructor(function, link->cell);
            else
                function();
        }
    }
}

/* --- Helpers of the compiler ------------------------------------------------------------ */

static void load_helper(loader_t *loader, const void *data, size_t size)
{
    char *copy = malloc(size); /* members of an archive are not aligned */
    if (!copy)
        return;
    memcpy(copy, data, size);
    char error[256];
    link_t link = {.loader = loader, .error = error, .error_size = sizeof error};
    arena_mark mark = arena_save(&loader->arena);
    if (link_object(&link, copy, size)) {
        for (size_t i = 1; i < link.object.symbol_count; i++) {
            Elf64_Sym symbol = elf_symbol(&link.object, i);
            const char *name = elf_symbol_name(&link.object, &symbol);
            symbol_t *entry = NULL;
            if (ELF64_ST_BIND(symbol.st_info) != STB_LOCAL && symbol.st_shndx != SHN_UNDEF)
                entry = symbol_intern(&loader->helpers, name);
            if (entry)
                entry->address = link.values[i];
        }
    } else {
        /* A member for the bounds checker, which is not there. */
        arena_restore(&loader->arena, mark);
    }
    link_free(&link);
    free(copy);
}

static bool load_archive(loader_t *loader, const char *data, size_t size)
{
    if (size < SARMAG || memcmp(data, ARMAG, SARMAG) != 0)
        return false;
    for (size_t at = SARMAG; size - at >= sizeof(struct ar_hdr);) {
        struct ar_hdr header;
        memcpy(&header, data + at, sizeof header);
        at += sizeof header;
        char digits[sizeof header.ar_size + 1] = {0};
        memcpy(digits, header.ar_size, sizeof header.ar_size);
        size_t length = strtoul(digits, NULL, 10);
        if (memcmp(header.ar_fmag, ARFMAG, 2) != 0 || length > size - at)
            return false;
        /* "/" is the index, "//" the table of long names. */
        bool is_table = header.ar_name[0] == '/' &&
                        (header.ar_name[1] == ' ' || header.ar_name[1] == '/');
        if (!is_table)
            load_helper(loader, data + at, length);
        at += length;
        if (length % 2 != 0 && at < size)
            at++;
    }
    return true;
}

static bool load_helpers(loader_t *loader, const char *path)
{
    FILE *file = fopen(path, "rbe");
    if (!file)
        return false;
    bool ok = false;
    char *data = NULL;
    if (fseek(file, 0, SEEK_END) == 0) {
        long size = ftell(file);
        if (size > 0 && size < 64 << 20 && (data = malloc((size_t)size)) != NULL) {
            rewind(file);
            ok = fread(data, 1, (size_t)size, file) == (size_t)size &&
                 arena_unlock_text(&loader->arena) && load_archive(loader, data, (size_t)size);
            arena_lock_text(&loader->arena);
        }
    }
    free(data);
    fclose(file);
    return ok;
}

/* --- Public ----------------------------------------------------------------------------- */

loader_t *loader_create(const char *helpers, char *error, size_t error_size)
{
    loader_t *loader = calloc(1, sizeof *loader);
    if (!loader) {
        snprintf(error, error_size, "memory is out");
        return NULL;
    }
    if (!arena_init(&loader->arena)) {
        snprintf(error, error_size, "no address space for the session's code and data");
        free(loader);
        return NULL;
    }
    /* Cells use the whole of libc's maths whether or not this program does. */
    dlopen("libm.so.6", RTLD_NOW | RTLD_GLOBAL);
    if (helpers && !load_helpers(loader, helpers)) {
        snprintf(error, error_size, "cannot read the compiler's helpers from %s", helpers);
        loader_free(loader);
        return NULL;
    }
    return loader;
}

void loader_free(loader_t *loader)
{
    if (!loader)
        return;
    for (int i = 0; i < loader->image_count; i++)
        image_free(loader->images[i]);
    free(loader->images);
    symbol_table_free(&loader->session);
    symbol_table_free(&loader->interposed);
    symbol_table_free(&loader->helpers);
    arena_destroy(&loader->arena);
    free(loader);
}

int loader_interpose(loader_t *loader, const char *name, void *address)
{
    symbol_t *symbol = symbol_intern(&loader->interposed, name);
    if (!symbol)
        return -1;
    symbol->address = address;
    return 0;
}

/* One object of a unit on its way into the session. */
typedef struct loading {
    link_t link;
    char *copy; /* the answer that it came in is not aligned */
    image_t *image;
} loading_t;

static void loading_free(loading_t *loading)
{
    link_free(&loading->link);
    free(loading->copy);
}

/* Link an object and make every entry that it needs. Nothing of the session changes. */
static bool begin_loading(loading_t *loading, const void *object, size_t size)
{
    link_t *link = &loading->link;
    loading->copy = malloc(size);
    if (!loading->copy || !reserve_image(link->loader)) {
        snprintf(link->error, link->error_size, "memory is out");
        return false;
    }
    memcpy(loading->copy, object, size);
    if (!link_object(link, loading->copy, size))
        return false;
    loading->image = image_create(link);
    if (loading->image && prepare(link))
        return true;
    snprintf(link->error, link->error_size, "memory is out");
    return false;
}

int loader_load(loader_t *loader, const lang_unit *unit, int cell, int *image, char *error,
                size_t error_size)
{
    const void *objects[] = {unit->object, unit->native};
    size_t sizes[] = {unit->object_size, unit->native_size}, count = unit->native_size ? 2 : 1;
    loading_t loading[2] = {0};
    *image = -1;
    if (unit->object_size == 0)
        return 0;
    arena_mark mark = arena_save(&loader->arena);
    bool ok = arena_unlock_text(&loader->arena);
    if (!ok)
        snprintf(error, error_size, "the system does not let code become writable");
    for (size_t i = 0; i < count && ok; i++) {
        loading[i].link = (link_t){.loader = loader, .unit = unit, .cell = cell,
                                   .first = i ? &loading[0].link : NULL,
                                   .text = loader->arena.text_top, .error = error,
                                   .error_size = error_size};
        ok = begin_loading(&loading[i], objects[i], sizes[i]);
        if (!ok)
            break;
        *image = loader->image_count;
        loader->images[loader->image_count++] = loading[i].image;
    }
    loader->last = (last_unit){.first = *image - (int)(count - 1), .before = mark};
    bool passing = ok;
    for (size_t i = 0; i < count && passing; i++)
        passing = is_passing(&loading[i].link, loader->last.first, &loader->last.before.data_top);
    loader->last.count = passing ? (int)count : 0;
    for (size_t i = 0; i < count && ok; i++)
        commit(&loading[i].link, *image - (int)(count - 1 - i));
    if (!ok) {
        for (size_t i = count; i-- > 0;) {
            if (loading[i].link.loader)
                abandon(&loading[i].link);
            if (loading[i].image && loader->image_count > 0 &&
                loader->images[loader->image_count - 1] == loading[i].image)
                loader->image_count--;
            image_free(loading[i].image);
        }
        *image = -1;
        arena_restore(&loader->arena, mark);
    }
    arena_lock_text(&loader->arena);
    for (size_t i = 0; i < count; i++) {
        if (ok)
            run_constructors(&loading[i].link);
        loading_free(&loading[i]);
    }
    return ok ? 0 : -1;
}

void loader_retire(loader_t *loader, int image)
{
    last_unit last = loader->last;
    loader->last.count = 0;
    if (last.count == 0 || image != last.first + last.count - 1 ||
        image != loader->image_count - 1 || !arena_unlock_text(&loader->arena))
        return;
    for (int i = 0; i < last.count; i++)
        image_free(loader->images[--loader->image_count]);
    arena_restore(&loader->arena, last.before);
    arena_lock_text(&loader->arena);
}

void *loader_symbol(const loader_t *loader, const char *name)
{
    const symbol_t *symbol = symbol_find(&loader->session, name);
    return symbol && !symbol->is_undefined ? symbol->address : NULL;
}

void *loader_image_symbol(const loader_t *loader, int image, const char *name)
{
    if (image < 0 || image >= loader->image_count)
        return NULL;
    const image_t *in = loader->images[image];
    for (size_t i = 0; i < in->symbol_count; i++) {
        if (strcmp(in->symbols[i].name, name) == 0)
            return in->symbols[i].address;
    }
    return NULL;
}

void loader_forget(loader_t *loader, const char *name)
{
    const symbol_t *symbol = symbol_find(&loader->session, name);
    if (symbol && symbol->image >= 0)
        loader->images[symbol->image]->is_called = true;
    symbol_remove(&loader->session, name);
}

bool loader_is_text(const loader_t *loader, const void *address)
{
    return arena_has_text(&loader->arena, address);
}

bool loader_is_data(const loader_t *loader, const void *address)
{
    return arena_has_data(&loader->arena, address);
}

const image_t *loader_find_image(const loader_t *loader, uintptr_t address)
{
    int low = 0, high = loader->image_count;
    while (low < high) { /* the first unit that ends behind the address */
        int middle = low + (high - low) / 2;
        if (loader->images[middle]->text_end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == loader->image_count || address < loader->images[low]->text)
        return NULL;
    return loader->images[low];
}
