"""The library's side of the tests on model files: keras_tool.c, built against the prefix."""
import os
import pathlib
import subprocess

import numpy
import pytest

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
PREFIX = pathlib.Path(os.environ.get("XTINYCC_PREFIX", TOP / "build" / "prefix"))


class Tool:
    """Runs keras_tool; the digits that it trains and tests on are attributes."""

    def __init__(self, folder):
        self.program = folder / "keras_tool"
        include = PREFIX / "include"
        if not include.is_dir():  # a build tree
            include = TOP / "runtime" / "include"
        subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-I", include, "-o",
                        self.program, HERE / "keras_tool.c", "-L", PREFIX / "lib", "-lnn",
                        f"-Wl,-rpath,{PREFIX / 'lib'}"], check=True)
        train, test = map(int, self("data", folder).split())
        read = lambda name: numpy.fromfile(folder / name, "u1")
        scale = numpy.float32(1 / 255)
        self.x_train = read("x_train").reshape(train, 28, 28, 1) * scale
        self.x_test = read("x_test").reshape(test, 28, 28, 1) * scale
        self.y_train, self.y_test = read("y_train"), read("y_test")

    def run(self, *arguments):
        """Exit status and output; a status other than 0 and 1 fails the test."""
        done = subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True,
                              timeout=900)
        assert done.returncode in (0, 1), (done.returncode, done.stdout, done.stderr)
        assert done.stderr == ""
        return done.returncode, done.stdout

    def __call__(self, *arguments):
        status, output = self.run(*arguments)
        assert status == 0, output
        return output

    def refuses(self, path):
        """The error of loading a file: "Kind: message"."""
        status, output = self.run("load", path)
        assert status == 1, output
        return output

    def test(self, path):
        """Loss, accuracy and outputs on the test images."""
        out = path.with_suffix(".f32")
        loss, accuracy = map(float, self("test", path, out).split())
        return loss, accuracy, numpy.fromfile(out, "<f4").reshape(len(self.y_test), -1)


@pytest.fixture(scope="session")
def tool(tmp_path_factory):
    return Tool(tmp_path_factory.mktemp("keras_tool"))
