// The GPUs of this machine.
#pragma once

#include <string>

namespace trtyolo::cuda {

// Why no GPU can be used, in a sentence; empty if one can. Never throws for want of a driver. Any thread.
std::string whyNoDevice();

int deviceCount();  // 0 without a driver

// "NVIDIA H200, compute capability 9.0". Throws DeviceError if there is no such device.
std::string deviceName(int device);

// Throws DeviceError unless `device` is there.
void checkDevice(int device);

}  // namespace trtyolo::cuda
