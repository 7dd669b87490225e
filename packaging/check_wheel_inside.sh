#!/bin/sh
# The steps of check_wheel_fresh.sh, inside its chroot, in the user's home. $1 names the step.
set -eu

wheel=$(ls "$HOME"/xeus_tinycc-*.whl)
export XTINYCC_DATA=/input

say() { printf '%s\n' "== $*"; }
fail() { printf '%s\n' "check_wheel_inside.sh: $*" >&2; exit 1; }

# execute VENV FOLDER: the coursework notebook, in FOLDER.
execute() {
    convert "$1" "$2" lenet5-mnist.ipynb
}

# execute_kaggle VENV FOLDER: C below Python, in a Python that has no wheel yet: the notebook's first
# cell takes it from the data set, and MNIST is found in another.
execute_kaggle() {
    "$1/bin/python" -m pip uninstall -q -y xeus-tinycc
    (unset XTINYCC_DATA; convert "$1" "$2" lenet5-kaggle.ipynb)
    "$1/bin/python" -c 'import xeus_tinycc' || fail "the notebook did not install the wheel"
    [ -s "$2/lenet5-results.zip" ] || fail "no archive to take along"
}

# convert VENV FOLDER NOTEBOOK: execute it there; it must have its pictures.
convert() {
    mkdir -p "$2"
    cp "check/notebooks/$3" "$2/"
    "$1/bin/python" -m nbconvert --log-level WARN --to notebook --execute --inplace \
        --ExecutePreprocessor.timeout=1800 "$2/$3"
    python3 check/packaging/show_results.py "$2/$3"
    python3 - "$2/$3" <<'PYTHON' || fail "pictures are missing"
import json, sys
outputs = [o for c in json.load(open(sys.argv[1]))["cells"] for o in c.get("outputs", [])]
pictures = [o for o in outputs if "image/png" in o.get("data", {})]
sys.exit(len(pictures) < 3)
PYTHON
}

hello() {
    printf '#include <stdio.h>\nprintf("hello %%d\\n", 6 * 7);\n' >hello.c
    "$1/bin/xtinycc" run hello.c | grep -q 'hello 42' || fail "no C output"
}

# Matrix products of the package scipy-openblas32, by the launcher's hint; before, a hint to get it.
multiply() {
    printf '#include <cblas.h>\nfloat x[] = {1, 2};\ncblas_sdot(2, x, 1, x, 1)\n' >blas.c
    "$1/bin/xtinycc" run blas.c 2>&1 | grep -q "$2" || fail "cblas_sdot: no $2"
}

# C below Python, and a C notebook with parameters.
below_python() {
    "$1/bin/python" - 2>below.log <<'PYTHON' || { cat below.log >&2; fail "%%c failed"; }
import nbclient, nbformat.v4 as v4
cells = ["%load_ext xeus_tinycc", "%%c\nint x = 41;", "%%c\nprintf(\"%d in C\\n\", x + 1);",
         "%%c\n#include <cblas.h>\nfloat v[] = {1, 2};\ncblas_sdot(2, v, 1, v, 1)"]
notebook = v4.new_notebook(cells=[v4.new_code_cell(c) for c in cells])
nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
assert "42 in C" in str(notebook.cells[2].outputs), notebook.cells[2].outputs
assert "5.0" in str(notebook.cells[3].outputs), notebook.cells[3].outputs
print("== %%c runs")
PYTHON
    ! grep -A 20 Traceback below.log >&2 || fail "%%c does not end quietly"
}

parameters() {
    "$1/bin/python" - <<'PYTHON'
import nbformat, papermill
cells = [nbformat.v4.new_code_cell("int epochs = 1;", metadata={"tags": ["parameters"]}),
         nbformat.v4.new_code_cell('printf("%d epochs\\n", epochs);')]
notebook = nbformat.v4.new_notebook(cells=cells)
notebook.metadata["kernelspec"] = {"name": "xtinycc", "language": "c", "display_name": "C"}
nbformat.write(notebook, "p.ipynb")
done = papermill.execute_notebook("p.ipynb", "done.ipynb", {"epochs": 7}, progress_bar=False)
assert "7 epochs" in str(done.cells[-1].outputs), done.cells[-1].outputs
print("== papermill's parameters arrive")
PYTHON
}

# Every public header of the bundle, one kernel each.
headers() {
    python3 check/packaging/harvest_headers.py --list >headers.txt
    while read -r name; do
        printf '#include <%s>\nputs("seen");\n' "$name" >header.c
        XTINYCC_HEADERS=$2 "$1/bin/xtinycc" run header.c 2>&1 | grep -q seen || echo "$name"
    done <headers.txt >unusable.txt
    [ ! -s unusable.txt ] || fail "headers that do not compile: $(tr '\n' ' ' <unusable.txt)"
    say "$(wc -l <headers.txt) headers compile, each in a cell of its own"
}

case $1 in
    install)
        python3 -m venv new
        start=$(date +%s.%N)
        new/bin/python -m pip install -q --disable-pip-version-check "$wheel"
        hello new
        say "from pip install to the first C output: $(echo "$start $(date +%s.%N)" |
            awk '{printf "%.1f s", $2 - $1}'); installed: $(du -sm new/lib/python3*/site-packages/xeus_tinycc | cut -f 1) MB"
        new/bin/python -m pip install -q --disable-pip-version-check nbconvert ipykernel \
            papermill 'jupyter_kernel_test==0.7.0' pytest pytest-timeout
        new/bin/jupyter kernelspec list | grep xtinycc
        multiply new 'Install libopenblas0-pthread'
        new/bin/python -m pip install -q --disable-pip-version-check "$wheel[blas]"
        multiply new '5\.0'
        ;;
    run)
        ! python3 -c 'import socket; socket.create_connection(("192.0.2.1", 80), 2)' 2>/dev/null ||
            fail "there is a network"
        execute new out
        below_python new
        parameters new
        headers new bundled
        package=$(new/bin/python -c 'import xeus_tinycc; print(xeus_tinycc.PREFIX)')
        cd check
        XTINYCC_PREFIX=$package ../new/bin/python -m pytest -q -p no:cacheprovider \
            tests/protocol/test_jupyter_kernel.py
        cd ..
        execute_kaggle new /kaggle/working
        ;;
    older)
        # The set that hosted notebooks had for years.
        python3 -m venv old
        old/bin/python -m pip install -q --disable-pip-version-check "$wheel[blas]" 'ipython==7.34' \
            'ipykernel==6.17.1' 'jupyter_client==7.4.9' nbconvert
        ;;
    run_older)
        execute old out-older
        below_python old
        execute_kaggle old /kaggle/working/older
        ;;
    remove)
        python3 -m venv clean
        # Files, and folders of ours; pip leaves the emptied share/jupyter/kernels of any kernel.
        snapshot() {
            find clean .local .jupyter \( ! -type d -o -name '*tinycc*' \) 2>/dev/null |
                grep -v __pycache__ | sort
        }
        snapshot >before.txt
        clean/bin/python -m pip install -q --disable-pip-version-check --no-deps "$wheel"
        clean/bin/python -m xeus_tinycc --version
        clean/bin/python -m pip uninstall -q -y xeus-tinycc
        snapshot >after.txt
        cmp before.txt after.txt || fail "left behind: $(comm -13 before.txt after.txt | tr '\n' ' ')"
        say "uninstalled without a trace"
        ;;
esac
