// SPDX-License-Identifier: MIT
//! Opens sockets in functions that are inlined into others, through generics and closures, from Rust's
//! standard library. Built by the tests with rustc.

use std::net::TcpListener;

mod pool {
    use std::net::TcpListener;

    pub struct Pool<T> {
        pub kept: Vec<T>,
    }

    impl<T: Clone + std::fmt::Debug> Pool<T> {
        #[inline(always)]
        pub fn leak(&mut self, item: T) {
            self.kept.push(item.clone());
            std::mem::forget(super::leak_listener());
        }

        #[inline(always)]
        pub fn leak_each<F: Fn(&T) -> TcpListener>(&self, open: F) {
            for item in &self.kept {
                std::mem::forget(open(item));
            }
        }
    }
}

#[inline(never)]
fn leak_listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

fn main() {
    let mut pool = pool::Pool { kept: Vec::new() };
    for i in 0..3 {
        pool.leak(format!("{}", i));
    }
    pool.leak_each(|item| {
        assert!(!item.is_empty());
        leak_listener()
    });
    println!("expect sockets 6 in inlines::leak_listener");
}
