// Videos that are none, damaged, silent or interrupted: a sentence or the next intact frame, in a stated time.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <fstream>
#include <functional>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "media/encoded.hpp"
#include "media/video_files.hpp"
#include "support/random.hpp"
#include "support/references.hpp"
#include "support/sanitized.hpp"
#include "support/temp_dir.hpp"
#include "trtyolo/video.hpp"

namespace trtyolo {
namespace {

using test::Bytes;
using test::bytesOf;
using test::dataPath;
using test::TempDir;
using test::VideoSettings;
using test::writeVideo;

double secondsOf(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// `work` takes so long, or a little longer; machines may be busy.
void expectAfter(double seconds, const std::function<void()>& work) {
  constexpr double kSlack = 3;
  const double taken = secondsOf(work);
  EXPECT_GE(taken, 0.9 * seconds);
  EXPECT_LE(taken, seconds + kSlack);
}

// The message that opening and reading all of it ends in; "none" at a good end.
template <typename Expected = VideoError>
std::string errorOf(const std::string& source, const VideoOption& option = {}) {
  try {
    VideoReader video(source, option);
    while (video.read()) {
    }
  } catch (const Expected& error) {
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
    return "another type";
  }
  return "none";
}

std::string write(const TempDir& folder, const std::string& name, const Bytes& bytes) {
  return folder.write(name, std::string(bytes.begin(), bytes.end()));
}

// Reads every sample, so that sanitizers see them.
unsigned sumOf(const Image& image) {
  unsigned sum = 0;
  const auto add = [&](const void* plane, std::size_t pitch, std::size_t bytes, int rows) {
    for (int y = 0; y < rows; ++y) {
      const auto* const row = static_cast<const unsigned char*>(plane) + static_cast<std::size_t>(y) * pitch;
      for (std::size_t x = 0; x < bytes; ++x) {
        sum += row[x];
      }
    }
  };
  const auto width = static_cast<std::size_t>(image.width);
  const bool i420 = image.format == PixelFormat::I420;
  add(image.ptr, image.pitch,
      image.format == PixelFormat::Interleaved ? width * static_cast<std::size_t>(image.channels) : width,
      image.height);
  for (int plane = 0; plane < 2 && i420; ++plane) {
    add(image.chroma[plane], image.chromaPitch, (width + 1) / 2, (image.height + 1) / 2);
  }
  return sum;
}

// A server that sends its connection these bytes and then nothing, or ends it.
class Server {
 public:
  Server(std::string head, Bytes bytes, bool stalls)
      : head_(std::move(head)), bytes_(std::move(bytes)), stalls_(stalls) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 4) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("no socket");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }
  ~Server() {
    thread_.request_stop();
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::string place() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  void serve(const std::stop_token& stop) {
    std::vector<int> clients;
    while (!stop.stop_requested()) {
      const int client = accept(listener_, nullptr, nullptr);
      if (client < 0) {
        break;
      }
      if (!head_.empty()) {
        char request[4096];
        static_cast<void>(recv(client, request, sizeof(request), 0));
      }
      static_cast<void>(send(client, head_.data(), head_.size(), MSG_NOSIGNAL));
      static_cast<void>(send(client, bytes_.data(), bytes_.size(), MSG_NOSIGNAL));
      if (stalls_) {
        clients.push_back(client);
      } else {
        close(client);
      }
    }
    for (const int client : clients) {
      close(client);
    }
  }

  std::string head_;
  Bytes bytes_;
  bool stalls_;
  int listener_ = -1;
  int port_ = 0;
  std::jthread thread_;
};

const char* const kLive = "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n";

VideoOption patient(double seconds) {
  VideoOption option;
  option.openTimeout = option.readTimeout = seconds;
  return option;
}

TEST(VideoErrorsTest, WhatIsNoVideoIsRefusedWithTheReason) {
  const TempDir folder;
  const std::string missing = folder / "missing.mp4", empty = folder.write("empty.mp4", ""),
                    text = folder.write("text.mp4", std::string(5000, 'x'));
  EXPECT_EQ(errorOf(missing), missing + ": no such file");
  EXPECT_EQ(errorOf(empty), empty + ": the file is empty");
  EXPECT_EQ(errorOf(text), text + ": not a video that FFmpeg can read, or damaged");
  EXPECT_EQ(errorOf(folder / ""), folder / "" + ": expected a video, and found a folder");
  EXPECT_NE(errorOf("/dev/video77").find("no such file"), std::string::npos);
  VideoOption option;
  option.format = "no-such-thing";
  EXPECT_EQ(errorOf(text, option), text + ": FFmpeg as it is here knows no container or device \"no-such-thing\"");
}

TEST(VideoErrorsTest, PasswordsAreNotInMessages) {
  const Server server("HTTP/1.0 401 Unauthorized\r\n\r\n", {}, false);
  const std::string error = errorOf("http://me:secret@" + server.place() + "/a.mp4?token=secret2");
  EXPECT_EQ(error.find("secret"), std::string::npos) << error;
  EXPECT_NE(error.find("http://***@127.0.0.1"), std::string::npos) << error;
  EXPECT_NE(error.find("401"), std::string::npos) << error;
}

TEST(VideoErrorsTest, AudioAloneIsNoVideo) {
  const TempDir folder;
  std::string wav("RIFF\x24\x08\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x40\x1f\0\0\1\0\x08\0data\0\x08\0\0", 44);
  const std::string file = folder.write("a.wav", wav + std::string(2048, '\x80'));
  EXPECT_EQ(errorOf(file), file + ": expected a stream of video, and found 1 stream, 1 of them audio");
}

TEST(VideoErrorsTest, AVideoWithoutFramesIsAnError) {
  const TempDir folder;
  VideoSettings settings;
  settings.codec = "mpeg4";
  settings.frames = 0;
  ASSERT_TRUE(writeVideo(folder / "a.mov", settings));
  const std::string error = errorOf(folder / "a.mov");
  EXPECT_TRUE(error.find("expected frames, and found none") != std::string::npos ||
              error.find("expected a stream of video") != std::string::npos)
      << error;
}

TEST(VideoErrorsTest, OptionsThatMakeNoSenseAreRefused) {
  const std::string file = dataPath("people/street.mp4");
  VideoOption option;
  option.threads = -1;
  EXPECT_THROW(VideoReader(file, option), std::invalid_argument);
  option = {};
  option.gpu = -1;
  EXPECT_THROW(VideoReader(file, option), std::invalid_argument);
  option = {};
  option.readTimeout = -1;
  EXPECT_THROW(VideoReader(file, option), std::invalid_argument);
  option = {};
  option.ffmpegOptions = {{"no_such_option", "1"}};
  EXPECT_THROW(VideoReader(file, option), std::invalid_argument);
  option = {};
  option.maxPixelBytes = 768 * 576 * 3 - 1;
  EXPECT_NE(errorOf(file, option).find("a frame of 768 x 576 pixels takes 1 MB"), std::string::npos);
  option.maxPixelBytes += 1;
  EXPECT_TRUE(VideoReader(file, option).read());
}

// ---------------------------------------------------------------------------------------------------------------------
// Damage

TEST(VideoDamageTest, FilesThatWereCutOffEndEarlyOrAreRefused) {
  const TempDir folder;
  VideoSettings settings;
  settings.codec = "mpeg4";
  settings.frames = 100;
  settings.width = settings.height = 160;
  for (const char* suffix : {".mkv", ".avi", ".ts", ".mov"}) {
    const std::string name = std::string("whole") + suffix;
    ASSERT_TRUE(writeVideo(folder / name, settings));
    const Bytes whole = bytesOf(folder / name);
    std::size_t before = 0;
    for (std::size_t eighths = 1; eighths < 8; ++eighths) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<long>(whole.size() / 8 * eighths));
      const std::string file = write(folder, std::string("cut") + suffix, cut);
      std::size_t frames = 0;
      try {
        VideoReader video(file);
        while (video.read()) {
          ++frames;
        }
        EXPECT_GT(frames, 0U);
      } catch (const VideoError& error) {
        EXPECT_EQ(suffix, std::string(".mov")) << error.what();  // which has its table at the end
      }
      EXPECT_LE(frames, eighths < 6 ? 99U : 100U) << suffix;  // an index may be last
      EXPECT_GE(frames, before);
      before = frames;
    }
    EXPECT_TRUE(before > 60 || suffix == std::string(".mov")) << suffix << before;
  }
}

TEST(VideoDamageTest, DamagedVideosGiveFramesOrAVideoError) {
  const TempDir folder;
  test::Random random(1);
  int refused = 0, read = 0;
  std::uint64_t corrupt = 0;
  for (const auto& [codec, suffix] :
       {std::pair("mpeg4", ".mp4"), std::pair("mpeg4", ".avi"), std::pair("libx264", ".mkv"),
        std::pair("libx265", ".ts"), std::pair("mpeg2video", ".mpg"), std::pair("mjpeg", ".mov")}) {
    VideoSettings settings;
    settings.codec = codec;
    settings.format = std::string(codec) == "mjpeg" ? AV_PIX_FMT_YUVJ420P : AV_PIX_FMT_YUV420P;
    if (codec == std::string("mpeg2video")) {
      settings.unit = {1, 25};
      settings.time = [](int i) { return std::int64_t{i}; };
    }
    if (!writeVideo(folder / ("whole" + std::string(suffix)), settings)) {
      continue;
    }
    const Bytes whole = bytesOf(folder / ("whole" + std::string(suffix)));
    for (int round = 0; round < test::rounds(300); ++round) {
      Bytes bytes = whole;
      for (int flip = random.between(1, 12); flip > 0; --flip) {
        bytes[static_cast<std::size_t>(random.between(0, static_cast<int>(bytes.size()) - 1))] ^=
            static_cast<unsigned char>(1U << static_cast<unsigned>(random.between(0, 7)));
      }
      if (random.between(0, 3) == 0) {
        bytes.resize(static_cast<std::size_t>(random.between(1, static_cast<int>(bytes.size()))));
      }
      try {
        VideoOption option;
        option.maxPixelBytes = 10000000;
        option.keepCorrupt = round % 2 == 0;
        VideoReader video(write(folder, "damaged" + std::string(suffix), bytes), option);
        while (const auto frame = video.read()) {
          ++read;
          static_cast<void>(sumOf(frame->image));
          EXPECT_TRUE(!frame->corrupt || option.keepCorrupt);
        }
        corrupt += video.counts().corrupt;
      } catch (const VideoError&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(read, 0);
  EXPECT_GT(corrupt, 0U);
  std::cout << refused << " refused, " << read << " frames read, " << corrupt << " passed over\n";
}

// Frames that lack what they refer to are not given: of a stream that is joined between two key frames.
TEST(VideoDamageTest, AStreamThatIsJoinedInItsMiddleBeginsWithAnIntactFrame) {
  const TempDir folder;
  for (const auto& [codec, suffix] : {std::pair("mpeg4", ".ts"), std::pair("libx264", ".ts"),
                                      std::pair("libx265", ".ts"), std::pair("mpeg2video", ".ts")}) {
    VideoSettings settings;
    settings.codec = codec;
    settings.width = 320;
    settings.height = 240;
    settings.frames = 40;
    settings.gop = 10;
    if (codec == std::string("mpeg2video")) {
      settings.unit = {1, 25};
      settings.time = [](int i) { return std::int64_t{i}; };
    }
    if (!writeVideo(folder / ("whole" + std::string(suffix)), settings)) {
      continue;
    }
    std::vector<unsigned> sums;
    VideoReader all(folder / ("whole" + std::string(suffix)));
    while (const auto frame = all.read()) {
      sums.push_back(sumOf(frame->image));
    }
    ASSERT_EQ(sums.size(), 40U) << codec;
    // Packets of 188 bytes, some frames behind the first key frame.
    const Bytes whole = bytesOf(folder / ("whole" + std::string(suffix)));
    const std::size_t begin = whole.size() / 188 * 3 / 8 * 188;
    const std::string joined =
        write(folder, "joined" + std::string(suffix), Bytes(whole.begin() + static_cast<long>(begin), whole.end()));
    std::vector<unsigned> rest;
    VideoReader later(joined);
    while (const auto frame = later.read()) {
      rest.push_back(sumOf(frame->image));
    }
    ASSERT_GE(rest.size(), 10U) << codec;
    ASSERT_LT(rest.size(), 40U) << codec;
    EXPECT_TRUE(std::equal(rest.rbegin(), rest.rend(), sums.rbegin())) << codec << ": a frame is not as it was";
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Silence

// A pipe that nobody writes to, and a video of 60 frames.
void makePipeAndVideo(const TempDir& folder, std::string& pipe, Bytes& bytes) {
  pipe = folder / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  VideoSettings settings;
  settings.frames = 60;
  ASSERT_TRUE(writeVideo(folder / "a.mkv", settings));
  bytes = bytesOf(folder / "a.mkv");
}

TEST(VideoSilenceTest, APipeThatNobodyWritesToIsGivenUp) {
  const TempDir folder;
  const std::string pipe = folder / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  expectAfter(0.4, [&] {
    EXPECT_EQ(errorOf<VideoTimeoutError>(pipe, patient(0.4)), pipe + ": expected data within 0.4 s, and none came");
  });
}

TEST(VideoSilenceTest, AVideoComesThroughAPipeUntilItFallsSilent) {
  const TempDir folder;
  std::string pipe;
  Bytes bytes;
  ASSERT_NO_FATAL_FAILURE(makePipeAndVideo(folder, pipe, bytes));
  for (const bool falls : {false, true}) {
    const int keeper = open(pipe.c_str(), O_RDWR);  // so that the pipe has a writer
    std::jthread writer([&] {
      std::ofstream stream(pipe, std::ios::binary);
      stream.write(reinterpret_cast<const char*>(bytes.data()),
                   static_cast<std::streamsize>(falls ? bytes.size() / 2 : bytes.size()));
    });
    std::uint64_t frames = 0;
    std::string error = "none";
    try {
      VideoReader video(pipe, patient(0.4));
      if (!falls) {
        close(keeper);
      }
      while (video.read()) {
        ++frames;
      }
    } catch (const VideoTimeoutError& timeout) {
      error = timeout.what();
    }
    if (falls) {
      EXPECT_EQ(error, pipe + ": expected a frame within 0.4 s, and none came");
      EXPECT_GT(frames, 10U);
      close(keeper);
    } else {
      EXPECT_EQ(error, "none");
      EXPECT_EQ(frames, 60U);
    }
  }
}

TEST(VideoSilenceTest, AServerThatStallsIsGivenUp) {
  const TempDir folder;
  VideoSettings settings;
  settings.frames = 60;
  ASSERT_TRUE(writeVideo(folder / "a.mkv", settings));
  const Bytes bytes = bytesOf(folder / "a.mkv");
  {
    const Server server(kLive, Bytes(bytes.begin(), bytes.begin() + static_cast<long>(bytes.size() / 2)), true);
    VideoReader video("http://" + server.place() + "/live", patient(1));
    std::string error;
    std::uint64_t frames = 0;
    expectAfter(1, [&] {
      try {
        while (video.read()) {
          ++frames;
        }
      } catch (const VideoTimeoutError& timeout) {
        error = timeout.what();
      }
    });
    EXPECT_GT(frames, 10U);
    EXPECT_NE(error.find("expected a frame within 1 s, and none came"), std::string::npos) << error;
    EXPECT_THROW(video.read(), VideoTimeoutError) << "the error stays";
    EXPECT_THROW(video.skip(), VideoTimeoutError);
  }
  {
    const Server mute("", {}, true);
    for (const char* scheme : {"http://", "rtsp://", "tcp://"}) {
      expectAfter(0.4, [&] {
        EXPECT_NE(errorOf<VideoTimeoutError>(scheme + mute.place() + "/live", patient(0.4)), "none") << scheme;
      });
    }
  }
}

TEST(VideoSilenceTest, AServerThatEndsEarlyEndsTheVideo) {
  const TempDir folder;
  VideoSettings settings;
  settings.frames = 60;
  ASSERT_TRUE(writeVideo(folder / "a.mkv", settings));
  const Bytes bytes = bytesOf(folder / "a.mkv");
  const Server server(kLive, Bytes(bytes.begin(), bytes.begin() + static_cast<long>(bytes.size() / 2)), false);
  EXPECT_EQ(errorOf("http://" + server.place() + "/live", patient(3)), "none");
}

TEST(VideoSilenceTest, AnotherThreadInterrupts) {
  const TempDir folder;
  std::string pipe;
  Bytes bytes;
  ASSERT_NO_FATAL_FAILURE(makePipeAndVideo(folder, pipe, bytes));
  const int keeper = open(pipe.c_str(), O_RDWR);
  std::jthread writer([&] {
    std::ofstream(pipe, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size() / 2));
  });
  VideoReader video(pipe, patient(0));
  std::atomic<bool> reads = false;
  std::atomic<int> busy = 0;
  std::jthread interrupter([&] {
    while (!reads) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    try {
      video.read();
    } catch (const BusyError&) {
      ++busy;
    }
    video.interrupt();
  });
  reads = true;
  expectAfter(0.3, [&] { EXPECT_THROW(while (video.read()){}, VideoInterruptedError); });
  EXPECT_EQ(busy, 1);
  EXPECT_THROW(video.read(), VideoInterruptedError);
  close(keeper);
}

TEST(VideoSilenceTest, OpeningIsStoppedToo) {
  const Server mute("", {}, true);
  std::atomic<int> asked = 0;
  VideoOption option = patient(0);
  option.stopped = [&] { return ++asked > 3; };
  EXPECT_LT(secondsOf([&] { EXPECT_NE(errorOf<VideoInterruptedError>("http://" + mute.place(), option), "none"); }), 2);
  // A file is not waited for, and yet ends.
  VideoReader video(dataPath("people/street.mp4"));
  EXPECT_TRUE(video.read());
  video.interrupt();
  EXPECT_THROW(video.read(), VideoInterruptedError);
}

// ---------------------------------------------------------------------------------------------------------------------
// Memory

std::size_t residentKilobytes() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) / 1024;
}

TEST(VideoMemoryTest, StaysFlatOverThousandsOfVideos) {
  const TempDir folder;
  VideoSettings settings;
  settings.codec = "mpeg4";
  ASSERT_TRUE(writeVideo(folder / "a.mp4", settings));
  Bytes damaged = bytesOf(folder / "a.mp4");
  std::memset(damaged.data() + damaged.size() / 2, 0x55, damaged.size() / 4);
  const std::string files[] = {folder / "a.mp4", write(folder, "b.mp4", damaged),
                               folder.write("c.mp4", std::string(500, 'x')), folder / "missing"};
  const auto readSome = [&](int count) {
    for (int i = 0; i < count; ++i) {
      try {
        VideoReader video(files[i % 4]);
        std::optional<VideoFrame> kept;
        for (int frame = 0; frame < i % 7; ++frame) {
          kept = video.read();
        }
      } catch (const VideoError&) {
      }
    }
  };
  readSome(test::rounds(400));
  const std::size_t before = residentKilobytes();
  readSome(test::rounds(2000));
  const std::size_t after = residentKilobytes();
  std::cout << before << " kB, then " << after << " kB\n";
  if (test::kShareOfRounds == 1) {
    EXPECT_LT(after, before + 4096);
  }
}

}  // namespace
}  // namespace trtyolo
