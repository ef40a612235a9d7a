//! Runs an execution and the look-ups that it waits for, in waves.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use futures::{StreamExt, stream::FuturesUnordered};

use super::queue::{Delivery, Load};

/// An execution that is polled until nothing in it can go on; then all look-ups that it asked
/// for are done, together, and their answers are handed out at once.
pub(super) struct Waves<F, L> {
    execution: Pin<Box<F>>,
    asked_for: L,
    loads: FuturesUnordered<Load>,
    landed: Vec<Delivery>,
    watch: Option<Arc<Watch>>,
}

/// Tells whether a part of the execution was woken while it was polled.
struct Watch {
    woken: AtomicBool,
    task: Waker,
}

impl Wake for Watch {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.task.wake_by_ref();
    }
}

impl<F, L> Waves<F, L> {
    pub(super) fn new(execution: Pin<Box<F>>, asked_for: L) -> Self {
        Self {
            execution,
            asked_for,
            loads: FuturesUnordered::new(),
            landed: Vec::new(),
            watch: None,
        }
    }

    fn watch(&mut self, task: &Waker) -> Arc<Watch> {
        match &self.watch {
            Some(watch) if watch.task.will_wake(task) => watch.clone(),
            _ => {
                let watch = Arc::new(Watch {
                    woken: AtomicBool::new(false),
                    task: task.clone(),
                });
                self.watch.insert(watch).clone()
            }
        }
    }
}

impl<F: Future, L: FnMut() -> Vec<Load> + Unpin> Future for Waves<F, L> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        let watch = this.watch(cx.waker());
        let waker = Waker::from(watch.clone());
        loop {
            watch.woken.store(false, Ordering::Release);
            let polled = this
                .execution
                .as_mut()
                .poll(&mut Context::from_waker(&waker));
            if let Poll::Ready(output) = polled {
                return Poll::Ready(output);
            }
            if this.loads.is_empty() {
                if watch.woken.load(Ordering::Acquire) {
                    // A part can go on and may ask for more; the task is polled again.
                    return Poll::Pending;
                }
                this.loads.extend((this.asked_for)());
                if this.loads.is_empty() {
                    return Poll::Pending;
                }
            }
            loop {
                match this.loads.poll_next_unpin(cx) {
                    Poll::Ready(Some(delivery)) => this.landed.push(delivery),
                    Poll::Ready(None) => break,
                    Poll::Pending => return Poll::Pending,
                }
            }
            this.landed.drain(..).for_each(|delivery| delivery());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures::{channel::oneshot, future::join_all};

    use super::*;

    /// Collects what is asked for; a wave answers each number with its double.
    #[derive(Default)]
    struct Doubles {
        asked: Mutex<Vec<(u32, oneshot::Sender<u32>)>>,
        waves: Mutex<Vec<usize>>,
    }

    impl Doubles {
        async fn of(&self, number: u32) -> u32 {
            let (sender, receiver) = oneshot::channel();
            self.asked.lock().unwrap().push((number, sender));
            receiver.await.unwrap()
        }

        fn loads(&self, slow: bool) -> Vec<Load> {
            let asked = std::mem::take(&mut *self.asked.lock().unwrap());
            if asked.is_empty() {
                return Vec::new();
            }
            self.waves.lock().unwrap().push(asked.len());
            // Every answer comes from a load of its own, at a time of its own.
            let load = |(number, sender): (u32, oneshot::Sender<u32>)| -> Load {
                Box::pin(async move {
                    for _ in 0..if slow { number % 7 } else { 0 } {
                        tokio::task::yield_now().await;
                    }
                    let delivery: Delivery = Box::new(move || {
                        let _ = sender.send(number * 2);
                    });
                    delivery
                })
            };
            asked.into_iter().map(load).collect()
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn each_level_is_one_wave_however_long_its_parts_take() {
        for slow in [false, true] {
            let doubles = Arc::new(Doubles::default());
            let (doubles_of, source) = (doubles.clone(), doubles.clone());
            let execution = async {
                let doubles = &doubles_of;
                let deep = (0..500).map(|number| async move {
                    let once = doubles.of(number).await;
                    // Parts that yield do not fall out of their wave.
                    tokio::task::yield_now().await;
                    let twice = doubles.of(once).await;
                    doubles.of(twice).await
                });
                join_all(deep).await
            };
            let answers = Waves::new(Box::pin(execution), move || source.loads(slow)).await;
            let expected: Vec<u32> = (0..500).map(|number| number * 8).collect();
            assert_eq!(answers, expected);
            assert_eq!(*doubles.waves.lock().unwrap(), [500, 500, 500]);
        }
    }

    #[tokio::test]
    async fn an_execution_that_asks_for_nothing_just_ends() {
        let execution = async {
            tokio::task::yield_now().await;
            7
        };
        assert_eq!(Waves::new(Box::pin(execution), Vec::new).await, 7);
    }
}
