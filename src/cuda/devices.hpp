// The GPUs of this machine.
#pragma once

#include <string>

namespace trtyolo::cuda {

// Why no GPU can be used, in a sentence; empty if one can. Does not throw if there is no driver. Any thread.
std::string whyNoDevice();

int deviceCount();  // 0 without a driver

// "NVIDIA H200, compute capability 9.0": the kind of GPU. Throws DeviceError if there is no such device.
std::string deviceName(int device);

// "GPU 0 (NVIDIA H200)", for messages; without the name where it is not known, "a GPU" for a negative number.
std::string deviceLabel(int device);

// Throws DeviceError, which says how many there are, unless `device` is one of them.
void checkDevice(int device);

}  // namespace trtyolo::cuda
