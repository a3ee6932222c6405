"""An RTSP server for tests: rtsp_server.py FOLDER WIDTH HEIGHT

Serves the pictures 00.jpg, 01.jpg, ... of FOLDER, all of that size, to each client from the first to the last; then the
stream ends. Prints its URL. Needs GStreamer's RTSP server and GObject's introspection for this Python (Debian:
gir1.2-gst-rtsp-server-1.0, python3-gi).
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402


def main(folder: str, width: str, height: str) -> None:
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    factory = GstRtspServer.RTSPMediaFactory()
    caps = f"image/jpeg,width={width},height={height},framerate=25/1"
    factory.set_launch(f'( multifilesrc location="{folder}/%02d.jpg" caps="{caps}" ! rtpjpegpay name=pay0 pt=26 )')
    server.get_mount_points().add_factory("/camera", factory)
    server.attach(None)
    print(f"rtsp://127.0.0.1:{server.get_bound_port()}/camera", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(*sys.argv[1:])
