"""Builds tests/package/consumer against the package, and lets it find a disc."""

import os

from conan import ConanFile
from conan.tools.build import can_run
from conan.tools.cmake import CMake, cmake_layout


class TestTrtyolo(ConanFile):
    settings = "os", "arch", "compiler", "build_type"
    generators = "CMakeDeps", "CMakeToolchain"

    def _checkout(self):
        return os.path.join(self.recipe_folder, "..", "..", "..")

    def requirements(self):
        self.requires(self.tested_reference_str)

    def layout(self):
        cmake_layout(self)

    def build(self):
        cmake = CMake(self)
        cmake.configure(build_script_folder=os.path.join(self._checkout(), "tests", "package", "consumer"))
        cmake.build()

    def test(self):
        if can_run(self):
            model = os.path.join(self._checkout(), "data", "shapes", "detect.onnx")
            package = self.dependencies["trtyolo"].package_folder
            self.run(f'./consumer "{model}" "{package}"', cwd=self.cpp.build.bindir, env="conanrun")
