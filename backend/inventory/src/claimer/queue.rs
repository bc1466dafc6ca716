//! The requests that wait for one performance: a bounded queue that can be waited for until it has grown, without waking
//! anybody for each request that comes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::time::timeout;

/// Requests that may wait for one performance.
pub(super) const PLACES: usize = 20_000;

/// Where requests come in.
#[derive(Debug)]
pub(super) struct Queue<T> {
    send: mpsc::UnboundedSender<T>,
    /// A permit for each request that waits or is being claimed.
    pub(super) places: Arc<Semaphore>,
    length: Arc<Length>,
}

/// Where its claimer takes them out.
#[derive(Debug)]
pub(super) struct Waiters<T> {
    receive: mpsc::UnboundedReceiver<T>,
    length: Arc<Length>,
}

/// How many wait.
#[derive(Debug, Default)]
pub(super) struct Length {
    waiting: AtomicUsize,
    /// At how many somebody wants to know; 0: nobody does.
    wanted: AtomicUsize,
    reached: Notify,
}

/// An empty queue.
pub(super) fn queue<T>() -> (Queue<T>, Waiters<T>) {
    let ((send, receive), length) = (mpsc::unbounded_channel(), Arc::<Length>::default());
    let places = Arc::new(Semaphore::new(PLACES));
    (Queue { send, places, length: Arc::clone(&length) }, Waiters { receive, length })
}

impl<T> Queue<T> {
    /// Puts one in; hands it back where the claimer has ended.
    pub(super) fn put(&self, one: T) -> Result<(), T> {
        // Counted first: what is taken out was counted.
        self.length.grow();
        self.send.send(one).map_err(|refused| refused.0)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.send.is_closed()
    }
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        let (send, places) = (self.send.clone(), Arc::clone(&self.places));
        Self { send, places, length: Arc::clone(&self.length) }
    }
}

impl<T> Waiters<T> {
    /// The next one, if one waits.
    pub(super) fn take(&mut self) -> Option<T> {
        self.receive.try_recv().ok().inspect(|_| self.length.shrink())
    }

    /// Waits for the next one; none when no more will come. Safe to cancel.
    pub(super) async fn next(&mut self) -> Option<T> {
        self.receive.recv().await.inspect(|_| self.length.shrink())
    }

    /// No more may come; what did can still be taken.
    pub(super) fn close(&mut self) {
        self.receive.close();
    }

    pub(super) fn length(&self) -> Arc<Length> {
        Arc::clone(&self.length)
    }
}

impl Length {
    /// Waits until so many wait, or so long.
    pub(super) async fn reaches(&self, count: usize, at_most: Duration) {
        let reached = async {
            loop {
                self.wanted.store(count, Ordering::SeqCst);
                if self.waiting.load(Ordering::SeqCst) >= count {
                    return;
                }
                self.reached.notified().await;
            }
        };
        // Whether they came or the time is over is all the same.
        timeout(at_most, reached).await.ok();
        self.wanted.store(0, Ordering::SeqCst);
    }

    fn grow(&self) {
        let waiting = self.waiting.fetch_add(1, Ordering::SeqCst) + 1;
        let wanted = self.wanted.load(Ordering::SeqCst);
        if wanted > 0 && waiting >= wanted {
            self.reached.notify_one();
        }
    }

    fn shrink(&self) {
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::task::{Context, Wake, Waker};
    use std::time::Instant;

    use futures::FutureExt;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn it_is_waited_for_until_it_has_grown() {
        let (queue, mut waiters) = queue();
        let length = waiters.length();
        let mut reached = Box::pin(length.reaches(3, LONG));
        for one in 0..2 {
            queue.put(one).unwrap();
            assert!(reached.as_mut().now_or_never().is_none(), "{one}");
        }
        assert_eq!(waiters.take(), Some(0));
        queue.put(2).unwrap();
        assert!(reached.as_mut().now_or_never().is_none(), "one was taken out");
        queue.put(3).unwrap();
        reached.now_or_never().expect("it has grown");
        length.reaches(3, LONG).now_or_never().expect("it is so long still");
        assert_eq!([waiters.next().await, waiters.next().await, waiters.take()], [Some(1), Some(2), Some(3)]);
        assert_eq!(waiters.take(), None);
        assert!(length.reaches(1, LONG).now_or_never().is_none(), "it is empty");
    }

    #[derive(Debug, Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[tokio::test]
    async fn whoever_waits_for_it_is_woken_once() {
        let (queue, waiters) = queue();
        let (length, wakes) = (waiters.length(), Arc::<Wakes>::default());
        let mut reached = Box::pin(length.reaches(1_000, LONG));
        let waker = Waker::from(Arc::clone(&wakes));
        let mut poll = || reached.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
        assert!(!poll());
        let put = |count: usize| {
            let queue = queue.clone();
            std::thread::spawn(move || (0..count).for_each(|one| queue.put(one).unwrap()))
        };
        let put_by_two =
            |count| [put(count), put(count)].into_iter().for_each(|thread| thread.join().unwrap());
        put_by_two(499);
        assert_eq!((wakes.0.load(Ordering::SeqCst), poll()), (0, false));
        put_by_two(2);
        assert_eq!((wakes.0.load(Ordering::SeqCst), poll()), (1, true));
    }

    #[tokio::test]
    async fn it_is_not_waited_for_in_vain() {
        let (queue, mut waiters) = queue();
        queue.put(1).unwrap();
        let began = Instant::now();
        waiters.length().reaches(2, Duration::from_millis(2)).await;
        assert!(began.elapsed() >= Duration::from_millis(2));
        waiters.close();
        assert_eq!(queue.put(2), Err(2));
        assert_eq!((waiters.next().await, waiters.next().await), (Some(1), None));
    }
}
