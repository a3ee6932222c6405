"""Conan's recipe of the library, built from the checkout that this file is in: `conan create packaging/conan`.

OpenVINO is not among its requirements, as the release that is needed comes as a wheel from PyPI:

    pip install openvino==2026.4.1
    conan create packaging/conan -c user.trtyolo:openvino_dir=$(python -c \
        'import importlib.util as u; print(u.find_spec("openvino").submodule_search_locations[0] + "/cmake")')
"""

import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load
from conan.tools.gnu import PkgConfigDeps

required_conan_version = ">=2.1"


class Trtyolo(ConanFile):
    name = "trtyolo"
    description = "YOLO models, one engine and many clones: fast and in parallel, on CPUs and NVIDIA GPUs"
    license = "Apache-2.0"
    topics = ("yolo", "openvino", "tensorrt", "object-detection")
    package_type = "shared-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"gpu": [True, False], "system_packages": [True, False]}
    default_options = {"gpu": False, "system_packages": False}
    options_description = {
        "gpu": "the engine for NVIDIA GPUs: needs a CUDA compiler and TensorRT's headers",
        "system_packages": "Eigen, Highway and JSON for Modern C++ as the system has them, not as Conan's packages",
    }

    def _checkout(self):
        return os.path.join(self.recipe_folder, "..", "..")

    def set_version(self):
        text = load(self, os.path.join(self._checkout(), "CMakeLists.txt"))
        self.version = re.search(r"project\(trtyolo VERSION ([0-9.]+)", text)[1]

    def export_sources(self):
        for files in ("CMakeLists.txt", "LICENSE", "NOTICE", "THIRD_PARTY.md", "cmake/*", "include/*", "src/*"):
            copy(self, files, self._checkout(), self.export_sources_folder)

    def requirements(self):
        if not self.options.system_packages:
            self.requires("eigen/[>=3.3 <4]")
            self.requires("highway/[>=1.0.3 <2]")
            self.requires("nlohmann_json/[>=3.10 <4]")

    def validate(self):
        check_min_cppstd(self, 20)
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration("trtyolo's recipe is for Linux")

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        for part in ("APPS", "MEDIA", "TESTS", "PYTHON"):
            toolchain.cache_variables[f"TRTYOLO_BUILD_{part}"] = False
        toolchain.cache_variables["TRTYOLO_TENSORRT"] = "ON" if self.options.gpu else "OFF"
        openvino = self.conf.get("user.trtyolo:openvino_dir", check_type=str)
        if openvino:
            toolchain.cache_variables["OpenVINO_DIR"] = openvino
        toolchain.generate()
        CMakeDeps(self).generate()
        PkgConfigDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))

    def package_info(self):
        # The package's own files say what others need to know.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = ["lib/cmake/trtyolo"]
        self.cpp_info.libs = ["trtyolo"]
