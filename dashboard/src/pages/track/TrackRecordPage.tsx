export const TrackRecordPage = () => null;
