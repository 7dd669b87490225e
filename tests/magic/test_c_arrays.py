"""NumPy arrays, numbers and strings between Python and C, by name."""
import pytest


@pytest.fixture(scope="module")
def numpy(shared):
    shared.run("import numpy as np")
    return shared


def test_hundred_megabytes_there_and_back(numpy):
    numpy.run("x = np.arange(12_500_000, dtype='f8')")
    assert "100000000" in numpy.run("x.nbytes").value
    numpy.run("%%c -i x -o y[x_size]\n"
              "double *y = malloc(x_size * sizeof *y);\n"
              "for (int64_t i = 0; i < x_size; i++)\n    y[i] = 2 * x[i];\n"
              "x[0] = -1;")
    numpy.run("assert (y == 2 * x).all() and y.shape == x.shape and y.dtype == x.dtype")
    numpy.run("assert x[0] == 0; y[0] = 7; assert y[0] == 7") # copies, and writable


def test_a_tensor_comes_out_of_100_mb(numpy):
    numpy.run("x = np.ones((1000, 100, 250), dtype='f4')")
    numpy.run("%%c -i x -o t\n"
              "tensor_t t = nn_tensor_wrap(x, NN_FLOAT32, x_ndim, x_shape);\nx[999][99][249] = 5;")
    numpy.run("assert t.shape == x.shape and t.dtype == x.dtype and t.sum() == x.size + 4")


@pytest.mark.parametrize("dtype", ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8",
                                   ">i4", ">f8"])
def test_every_type_keeps_every_bit(numpy, dtype):
    numpy.run(f"a = np.frombuffer(bytes(range(1, 49)), dtype='{dtype}').astype('{dtype}')\n"
              f"a = np.array([0, 1, 1, 0], '?') if '{dtype}' == '?' else a")
    numpy.run("%%c -i a -o b[a_size]\n__typeof__(a) b = a;")
    numpy.run("assert b.tobytes() == a.astype(a.dtype.newbyteorder('=')).tobytes(), (a, b)\n"
              "assert b.dtype == a.dtype.newbyteorder('=')")


@pytest.mark.parametrize("array", [
    "np.arange(24).reshape(2, 3, 4)", "np.arange(24).reshape(4, 6).T", "np.arange(24)[::-2]",
    "np.asfortranarray(np.arange(6.).reshape(2, 3))", "np.arange(32).reshape(2, 2, 2, 2, 2)",
    "np.broadcast_to(np.float32(3), (2, 5))"])
def test_shapes_and_strides(numpy, array):
    numpy.run(f"a = {array}")
    lengths = numpy.run("print(''.join(f'[a_shape[{i}]]' for i in range(a.ndim)))").stdout.strip()
    numpy.run(f"%%c -i a -o 'p{lengths}'\n__typeof__(&a{'[0]' * lengths.count('[a_')}) p = "
              f"(void *)a;")
    numpy.run("assert p.shape == a.shape and (p == a).all(), p")


def test_two_indices_and_description(numpy):
    numpy.run("m = np.arange(6, dtype='i4').reshape(2, 3)")
    assert numpy.run("%%c -i m\nprintf(\"%d %d %ld %ld %ld\\n\", m[1][2], m_ndim, m_size, "
                     "m_shape[0], m_shape[1]);").stdout == "5 2 6 2 3\n"


def test_empty_arrays(numpy):
    numpy.run("e = np.zeros((0, 3)); f = np.zeros(0, 'u1')")
    numpy.run("%%c -i e,f -o 'e[0][3]' -o f[f_size]\ne_size + f_size")
    numpy.run("assert e.shape == (0, 3) and f.shape == (0,) and f.dtype == 'u1'")


def test_scalars_in(numpy):
    numpy.run("i, big, huge, neg = 5, 3_000_000_000, 2**63, -2**63\n"
              "f, inf, s, t = 0.1, -np.inf, 'a\"b\\\\c?\\n1é', True\n"
              "g, h = np.float32(0.1), np.uint8(200)")
    out = numpy.run("%%c -i i,big,huge,neg,f,inf,s,t,g,h -o i,big,huge,neg,f,inf,s,t,g,h\n"
                    "_Generic(i, int: 1) + _Generic(big, long long: 1) + _Generic(t, _Bool: 1) + "
                    "_Generic(g, float: 1) + _Generic(h, uint8_t: 1)")
    assert out.value == "5"
    numpy.run("assert (i, big, huge, neg) == (5, 3_000_000_000, 2**63, -2**63)\n"
              "assert (f, inf, s, t) == (0.1, -np.inf, 'a\"b\\\\c?\\n1é', True), s\n"
              "assert g == np.float32(0.1) and h == 200")


def test_bytes_in(numpy):
    numpy.run("raw = b'\\0\\1\\377'")
    assert numpy.run("%%c -i raw\nraw[0] + raw[1] + raw[2] + raw_size").value == "259"


def test_arrays_and_strings_out(numpy):
    numpy.run("%%c -o a,b,s,t,n,c\n"
              "const double a[2][3] = {{1, 2, 3}, {4, 5, 6}}; _Bool b[] = {1, 0}; char s[9] = \"hé\";"
              "const char *t = \"text\"; unsigned long long n = -1; char c = 'A';")
    numpy.run("assert a.tolist() == [[1, 2, 3], [4, 5, 6]] and b.tolist() == [True, False]\n"
              "assert (s, t, n, c) == ('hé', 'text', 2**64 - 1, 65)")


def test_tensor_out_has_its_values(numpy):
    numpy.run("u = np.arange(12, dtype='u1').reshape(3, 4)")
    numpy.run("%%c -i u -o t,v\ntensor_t t = nn_tensor_wrap(u, NN_UINT8, u_ndim, u_shape);\n"
              "tensor_t v = rescale(t, 0.5f);")
    numpy.run("assert t.dtype == 'u1' and (t == u).all()\n"
              "assert v.dtype == 'f4' and (v == u * 0.5).all()")


@pytest.mark.parametrize("value, error", [
    ("[1, 2]", "TypeError: v is a list; C takes numbers, strings, bytes and NumPy arrays: pass "
               "numpy.array(v)"),
    ("{1: 2}", "TypeError: v is a dict"), ("None", "TypeError: v is a NoneType"),
    ("2**64", "ValueError: v: 18446744073709551616 is outside"),
    ("np.zeros(2, 'f2')", "TypeError: v has elements of type float16"),
    ("np.zeros(2, 'c16')", "view('float64')"), ("np.array(['a'])", "numbers only"),
    ("np.array([1, None])", "astype('float64')"),
    ("np.zeros(2, [('a', 'f4')])", "one field at a time"),
    ("np.zeros(2, 'M8[s]')", "astype('int64')")])
def test_what_does_not_go_in(numpy, value, error):
    numpy.run(f"v = {value}")
    ran = numpy.try_cell("%c -i v 1")
    assert error in ran.error
    assert len(ran.traceback.splitlines()) == 1


@pytest.mark.parametrize("code, error", [
    ("%c -i nothing_here 1", "NameError: -i nothing_here: there is no Python variable"),
    ("%c -o nothing_here 1", "there is no C variable nothing_here"),
    ("%%c -o p\nint *p = 0;", "a pointer does not know its length: -o 'p[n]'"),
    ("%%c -o p[3]\nint *p = 0;", "The pointer is NULL"),
    ("%%c -o p[n]\nint some[3], *p = some, n = -1;", "length -1"),
    ("%%c -o p[no_n]\nint some[3], *p = some;", "'no_n' undeclared"),
    ("%%c -o p[1000000000]\nint some[3], *p = some;", "memory can be read for"),
    ("%%c -o s\nstruct { int a; } s;", "numbers, strings, arrays of numbers and tensor_t"),
    ("%c -o 'p[n' 1", "expected a variable"), ("%c -o 'p[n]]' 1", "brackets"), ("%c -o p[] 1", "is empty"), ("%c -o 1x 1", "no name in C"),
    ("%%c -o p[3][f(2)]\nint some[6], *p = some; int f(int a) { return *(int *)0; }", "SIGSEGV")])
def test_what_does_not_come_out(numpy, code, error):
    assert error in numpy.try_cell(code).error


def test_keyword(numpy):
    numpy.run("double = 3")
    assert "keyword of C" in numpy.try_cell("%c -i double 1").error


def test_failed_cell_takes_nothing_out(numpy):
    numpy.run("r = 'before'")
    assert "SIGSEGV" in numpy.try_cell("%%c -o r\nint r = 5;\n*(int *)0 = 1;").error
    numpy.run("assert r == 'before'")


def test_crash_takes_back_what_was_written_into_an_array(numpy):
    numpy.run("w = np.zeros(1000)")
    numpy.run("%%c -i w\nw[5] = 1;")
    assert "SIGSEGV" in numpy.try_cell("%%c\nw[5] = 2;\n*(int *)0 = 1;").error
    numpy.run("%c -o w[w_size]")
    numpy.run("assert w[5] == 1")


def test_first_line_magics_of_c(numpy):
    numpy.run("k = 20")
    assert "42" in numpy.run("%%c -i k\n%%time\nprintf(\"%d\\n\", 2 * k + 2);").stdout


def test_files_with_names_where_memory_cannot_be_shared(numpy):
    numpy.run("get_ipython()._xeus_tinycc.named = True")
    numpy.run("x = np.arange(1e6)")
    numpy.run("%%c -i x -o z[x_size]\ndouble *z = x;")
    numpy.run("assert (z == x).all()")
    numpy.run("import glob, tempfile\n"
              "for folder in ('/dev/shm', tempfile.gettempdir()):\n"
              "    assert not glob.glob(folder + '/xtinycc-array-*')")
    numpy.run("get_ipython()._xeus_tinycc.named = None")
