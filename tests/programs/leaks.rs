// SPDX-License-Identifier: MIT
// Leaks in threads: a file whose descriptor was taken out of it, and a listener that nobody drops.
use std::{fs::File, net::TcpListener, os::unix::io::IntoRawFd, thread};

struct Storage;

impl Storage {
    #[inline(never)]
    fn sync(&self) -> i32 {
        File::open("/proc/version").unwrap().into_raw_fd() // leak: Rust-file
    }
}

#[inline(never)]
fn rebind() {
    std::mem::forget(TcpListener::bind("127.0.0.1:0").unwrap()); // leak: Rust-listener
}

fn main() {
    for _ in 0..4 {
        thread::spawn(|| {
            Storage.sync();
            rebind();
        })
        .join()
        .unwrap();
    }
}
